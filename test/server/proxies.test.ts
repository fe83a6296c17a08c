import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Activity } from '../../src/server/activity/protocol.ts'
import { Place } from '../commands/rdv.ts'
import { onTestFinished } from '../finished.ts'
import {
  documentedProxy,
  PLAIN_NGINX,
  startHaproxy,
  startNginx,
} from '../services/reverse-proxy.ts'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { curl, untilHome, untilWaiting } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'
import { streamingCurl } from './streaming-curl.ts'

const HELD = /^\{"ok":true,"key":"\S+","token":"\d+"\}\n/

const NAMES_THE_SETTING = expect.stringContaining('in nginx set "proxy_http_version 1.1;"')

const REFUSED = { status: 426, body: { ok: false, error: NAMES_THE_SETTING } }

const kept = (service: Service): Service => {
  onTestFinished(() => service.stop())
  return service
}

/** Requests whose answers have no length. */
const STREAMS: readonly (readonly [string, ...string[]])[] = [
  ['/_topic/t?from=start'],
  ['/_topic/t?from=start&count=1'],
  ['/_topic/t?from=start', '-H', 'accept: text/event-stream'],
  ['/_events'],
  ['/_lock/l', '-X', 'POST'],
  ['/_lock/l?try', '-X', 'POST'],
  ['/_election/e?id=me', '-X', 'POST'],
  ['/_rdv/v1/watch?scope=rdv/signal/'],
  ['/_rdv/v1/grant', '-H', 'content-type: application/json', '-d', '{"ttl":5000}'],
  [
    '/_rdv/v1/announce',
    ...['-H', 'content-type: application/json', '-d'],
    '{"namespace":"rdv","waiter":{"targets":["x"],"host":"h","since":"2026-01-01"}}',
  ],
]

describe('by HTTP/1.0 nothing is streamed', () => {
  let server: Service
  let nginx: Service
  let right: Service
  let haproxy: Service
  beforeAll(async () => {
    server = await startServe({ store: 'memory' })
    nginx = await startNginx({ to: server, configuration: PLAIN_NGINX })
    right = await startNginx({ to: server, configuration: documentedProxy('nginx') })
    haproxy = await startHaproxy({ to: server, configuration: documentedProxy('haproxy') })
    await curl('-d', 'one', `${server.url}/_topic/t`)
  })
  afterAll(async () => {
    for (const one of [haproxy, right, nginx, server]) await one.stop()
  })

  test.each(STREAMS)('%s is refused, and nothing is held', async (path, ...args) => {
    const old = [...args, '--http1.0']
    const asked = [
      ['itself', server, old],
      ['through nginx as it is', nginx, args],
      ['through nginx, which is asked by HTTP/1.0', right, old],
      ['through haproxy, which is asked by HTTP/1.0', haproxy, old],
    ] as const
    for (const [how, { url }, words] of asked) {
      const { status, body } = await curl(...words, url + path)
      expect([how, { status, body }]).toEqual([how, { ...REFUSED, body: expect.anything() }])
      expect([how, body]).toMatchObject([how, REFUSED.body])
    }
    expect((await curl(`${server.url}/_lock/l`)).body).toMatchObject({ queue: [] })
    expect((await curl(`${server.url}/_election/e`)).status).toBe(404)
  })

  test('what has a length works: waits, signals, counters, barriers, and HEAD', async () => {
    const waiting = curl(`${nginx.url}/old`)
    await untilWaiting(server.url, '/old')
    expect(await curl('-X', 'PUT', '--http1.0', `${nginx.url}/old`)).toMatchObject({ status: 200 })
    expect(await waiting).toMatchObject({ status: 200, exitCode: 0 })
    for (const [method, path] of [
      ['POST', '/_counter/old'],
      ['GET', '/_counter/old?at-least=1'],
      ['POST', '/_barrier/old?parties=1'],
      ['GET', '/_lock/l'],
      ['GET', '/_openapi.json'],
    ] as const) {
      const { status, headers } = await curl('-X', method, `${nginx.url}${path}`)
      expect([path, status, headers['content-length']]).toMatchObject([path, 200, [/\d+/]])
    }
    expect(await curl('-I', `${nginx.url}/_events`)).toMatchObject({ status: 426 })
  })

  test('rdv says which setting is missing, and holds nothing', async () => {
    const place = new Place({ RDV_BACKEND: nginx.url })
    expect(await place.rdv('signal', 'by-rdv')).toMatchObject({ code: 0 })
    for (const words of [
      ['wait', 'never'],
      ['wait', 'by-rdv', 'never', '--', 'echo', 'started'],
      ['subscribe', 'news'],
      ['list', '--watch'],
      ['lock', 'l', '--', 'echo', 'started'],
      ['elect', 'e', '--', 'echo', 'started'],
      ['once', 'o', '--', 'echo', 'started'],
      ['signal', 'held', '--hold', '--', 'echo', 'started'],
    ]) {
      const ended = await place.rdv(...words)
      expect([words, ended]).toMatchObject([words, { code: 120, stderr: NAMES_THE_SETTING }])
      expect(ended.stdout).not.toContain('started')
    }
  })
})

const PROXIES = [
  { name: 'nginx', startProxy: startNginx },
  { name: 'haproxy', startProxy: startHaproxy },
] as const

besideEach(PROXIES, 'behind $name as the page on proxies has it', ({ name, startProxy }) => {
  let server: Service
  let proxy: Service
  const configuration = documentedProxy(name)
  beforeAll(async () => {
    server = await startServe({ store: 'memory' })
    proxy = await startProxy({ to: server, configuration })
  })
  afterAll(async () => {
    await proxy.stop()
    await server.stop()
  })
  const through = (path: string) => proxy.url + path
  const queue = async (lock: string) =>
    ((await curl(`${server.url}/_lock/${lock}`)).body as { queue: { state: string }[] }).queue
  const untilQueued = async (lock: string, count: number) => {
    while ((await queue(lock)).length !== count);
  }
  /** A proxy with the same configuration but short time limits, so that the test need not wait for the usual ones. */
  const impatient = async (limit: string): Promise<Service> =>
    kept(
      await startProxy({
        to: server,
        configuration: configuration.replaceAll(
          /(proxy_read_timeout|timeout client|timeout server) 1h/g,
          `$1 ${limit}`,
        ),
      }),
    )

  test('waits and signals pass, and a waiter whose client has gone is freed', async () => {
    const waiting = curl(through('/db'))
    await untilWaiting(server.url, '/db')
    expect(await curl('-X', 'PUT', through('/db'))).toMatchObject({ status: 200 })
    expect(await waiting).toMatchObject({ status: 200, body: { ok: true } })
    const going = curl(through('/gone'))
    await untilWaiting(server.url, '/gone')
    going.child.kill('SIGKILL')
    await untilHome(server.url, (home) => !home.waiting_and_failed.includes('/gone'))
  })

  test('messages come as they are published, and a loss is no end', async () => {
    const lines = streamingCurl(through('/_topic/t?from=start'))
    const events = streamingCurl('-H', 'accept: text/event-stream', through('/_topic/t?from=start'))
    for (const message of ['one', 'two']) {
      await curl('-d', message, through('/_topic/t'))
      await lines.says(new RegExp(`${message}\\n$`))
      await events.says(new RegExp(`data: ${message}\\n\\n$`))
    }
    await new Place({ RDV_BACKEND: server.url }).rdv('clear', 't', '--all')
    expect(await lines.ended).toMatchObject({ code: 18, stdout: 'one\ntwo\n' })
    expect((await events.ended).stdout).toContain('event: gap\n')
  })

  test('a lock is held while curl runs, and its loss is no end', async () => {
    const held = streamingCurl('-X', 'POST', through('/_lock/deploy'))
    await held.says(HELD)
    const next = streamingCurl('-X', 'POST', through('/_lock/deploy'))
    await untilQueued('deploy', 2)
    const gone = streamingCurl('-X', 'POST', through('/_lock/deploy'))
    await untilQueued('deploy', 3)
    gone.kill('SIGKILL')
    await untilQueued('deploy', 2)
    held.kill('SIGKILL')
    await next.says(HELD)
    await new Place({ RDV_BACKEND: server.url }).rdv('clear', 'deploy', '--all')
    const { code, stdout } = await next.ended
    expect({ code, stdout }).toMatchObject({
      code: 18,
      stdout: expect.stringContaining('"kind":"lost"'),
    })
  })

  test('a server that ends, by itself or not, breaks streams off', async () => {
    for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
      const ending = kept(await startServe({ store: 'memory' }))
      const front = kept(await startProxy({ to: ending, configuration }))
      const held = streamingCurl('-X', 'POST', `${front.url}/_lock/l`)
      await held.says(HELD)
      const lines = streamingCurl('--verbose', `${front.url}/_topic/t`)
      await lines.says(/^< HTTP\/1.1 200 OK/m)
      process.kill(ending.pid, signal)
      expect([signal, (await held.ended).code]).toEqual([signal, 18])
      expect([signal, (await lines.ended).code]).toEqual([signal, 18])
    }
  })

  test('rdv works', async () => {
    const place = new Place({ RDV_BACKEND: proxy.url })
    const waiting = place.start('wait', 'by-rdv', '--timeout', '2m', '--', 'echo', 'started')
    await place.rdv('lock', 'l', '--', 'true')
    await place.rdv('signal', 'by-rdv')
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'started\n' })
  })

  test('heartbeats keep what is held and followed longer than the idle limit', async () => {
    const front = await impatient('9s')
    const held = streamingCurl('-X', 'POST', `${front.url}/_lock/beat`)
    const watched = streamingCurl(`${front.url}/_rdv/v1/watch?scope=rdv/counter/`)
    await held.says(/^\{.*\}\n\n\n/)
    await watched.says(/("heartbeat"[\s\S]*){2}/)
    expect(await queue('beat')).toHaveLength(1)
  })

  test('a wait that is longer than the idle limit: 504, and whoever asks again finds the signal', async () => {
    const front = await impatient('1s')
    expect(await curl('--fail', `${front.url}/late?timeout=2m`)).toMatchObject({
      status: 504,
      exitCode: 22,
    })
    const retry = ['--fail', '--retry', '100', '--retry-delay', '1', '--retry-max-time', '0']
    const again = streamingCurl('--verbose', ...retry, `${front.url}/late?timeout=2m`)
    const place = new Place({ RDV_BACKEND: front.url })
    const rdv = place.start('wait', 'late', '--timeout', '2m')
    await again.says(/504[\s\S]*504/)
    await curl('-X', 'PUT', `${server.url}/late`)
    expect(await again.ended).toMatchObject({ code: 0 })
    expect(await rdv.ended).toMatchObject({ code: 0 })
    await untilHome(server.url, (home) => !home.waiting_and_failed.includes('/late'))
  })

  test('a place in the queue of a lock ends with the idle limit', async () => {
    const front = await impatient('1s')
    const held = streamingCurl('-X', 'POST', through('/_lock/queue'))
    await held.says(HELD)
    const { status } = await curl('-X', 'POST', `${front.url}/_lock/queue?timeout=2m`)
    expect(status).toBe(504)
    await untilQueued('queue', 1)
  })

  test('Host is that of the client, so that the page’s own requests pass and others do not', async () => {
    const put = (origin: string) =>
      curl('-X', 'PUT', '-H', `origin: ${origin}`, through('/by-page'))
    expect(await put(proxy.url)).toMatchObject({ status: 200 })
    expect(await put('http://evil.example')).toMatchObject({ status: 403 })
    expect(await curl('-H', 'host: evil.example', through('/by-page'))).toMatchObject({
      status: 403,
    })
  })

  test('the address that the proxy was asked from is told', async () => {
    await curl('-X', 'PUT', '-H', 'x-forwarded-for: 203.0.113.9', through('/forwarded'))
    const { signals } = (await curl(`${server.url}/_activity`)).body as Activity
    expect(signals.find(({ key }) => key === 'forwarded')).toMatchObject({
      by: { client: '127.0.0.1', forwardedFor: '127.0.0.1' },
    })
  })
})
