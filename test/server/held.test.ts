import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openBackend } from '../../src/backends/open.ts'
import { remove } from '../../src/backends/operations.ts'
import { Place } from '../commands/rdv.ts'
import { startEtcd } from '../services/etcd.ts'
import { startProxy } from '../services/proxy.ts'
import type { Service } from '../services/service.ts'
import { curl, untilWaiting } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'
import { streamingCurl } from './streaming-curl.ts'

const HELD = /^\{"ok":true,"key":"(\S+)","token":"(\d+)"\}\n/

describe('what is held by curl while its connection is open', () => {
  let server: Service
  const url = (path: string) => server.url + path
  const lock = (name: string, ...args: string[]) =>
    streamingCurl('-X', 'POST', ...args, url(`/_lock/${name}`))
  const holders = async (name: string) =>
    ((await curl(url(`/_lock/${name}`))).body as { queue: { state: string }[] }).queue

  beforeAll(async () => {
    server = await startServe({ store: 'memory' })
  })
  afterAll(() => server.stop())

  test('excludes rdv lock, and is excluded by it', async () => {
    const place = new Place({ RDV_BACKEND: server.url })
    const held = lock('both')
    await held.says(HELD)
    expect((await place.rdv('lock', 'both', '--try')).code).toBe(1)
    const waiting = place.start('lock', 'both')
    await untilQueued(() => holders('both'), 2)
    held.kill('SIGTERM')
    await waiting.says(/^rdv\/lock\/both\/\S+ \d+\n/)
    expect(await curl('-X', 'POST', url('/_lock/both?try'))).toMatchObject({ status: 409 })
    const last = lock('both')
    await untilWaiting(server.url, '/_lock/both')
    waiting.kill('SIGTERM')
    await last.says(HELD)
  })

  test('is given up however curl ends', async () => {
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      const held = lock('ends')
      await held.says(HELD)
      const next = lock('ends?ttl=1h')
      await untilQueued(() => holders('ends'), 2)
      held.kill(signal)
      await next.says(HELD)
      next.kill('SIGKILL')
      await untilQueued(() => holders('ends'), 0)
      expect(await holders('ends')).toEqual([])
    }
  })

  test('is given up when the connection is reset, and when it is half closed', async () => {
    const { port } = server
    for (const leave of ['resetAndDestroy', 'end'] as const) {
      const socket = connect(port, '127.0.0.1')
      socket.write('POST /_lock/reset HTTP/1.1\r\nHost: x\r\n\r\n')
      await new Promise((resolve) => socket.once('data', resolve))
      expect(await holders('reset')).toHaveLength(1)
      socket[leave]()
      await untilQueued(() => holders('reset'), 0)
      socket.destroy()
    }
  })

  test('a place in the queue is given up too', async () => {
    const held = lock('queue')
    await held.says(HELD)
    const waiting = lock('queue')
    await untilQueued(() => holders('queue'), 2)
    waiting.kill('SIGKILL')
    await untilQueued(() => holders('queue'), 1)
    expect(await holders('queue')).toHaveLength(1)
  })

  test('clients that go at any moment leave nothing behind', async () => {
    const clients = Array.from({ length: 40 }, () => lock('any'))
    for (const [index, client] of clients.entries()) {
      if (index % 4 === 0) await holders('any')
      client.kill('SIGKILL')
    }
    const last = lock('any')
    await last.says(HELD)
    await untilQueued(() => holders('any'), 1)
    expect(await holders('any')).toHaveLength(1)
  })

  test('several slots are held at once', async () => {
    const first = lock('slots?slots=2')
    const second = lock('slots?slots=2')
    await Promise.all([first.says(HELD), second.says(HELD)])
    expect(await curl('-X', 'POST', url('/_lock/slots?slots=2&try'))).toMatchObject({ status: 409 })
  })

  test('a heartbeat comes while it is held', async () => {
    const held = lock('beat')
    expect(await held.says(/^\{.*\}\n\n/)).toBeTruthy()
    expect(await holders('beat')).toHaveLength(1)
  })

  test('a lock that is taken away says so at last, and curl fails', async () => {
    const held = lock('lost')
    const [, key = ''] = await held.says(HELD)
    const client = await openBackend(server.url, { env: {} })
    await client.commit([], [remove(key)])
    await client.close()
    const { code, stdout } = await held.ended
    expect(code).toBe(18)
    expect(JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      ok: false,
      kind: 'lost',
    })
    await untilQueued(() => holders('lost'), 0)
  })

  test('a store that is out of reach for too long loses it, and curl fails before others hold it', async () => {
    const etcd = await startEtcd()
    const gateway = await startServe({ backend: etcd.url })
    const held = streamingCurl('-X', 'POST', `${gateway.url}/_lock/frozen?ttl=3s`)
    const [, , token = ''] = await held.says(HELD)
    etcd.freeze()
    const { code, stdout } = await held.ended
    expect({ code, stdout }).toMatchObject({
      code: 18,
      stdout: expect.stringContaining('"kind":"lost"'),
    })
    etcd.thaw()
    const next = streamingCurl('-X', 'POST', `${gateway.url}/_lock/frozen`)
    const [, , higher = ''] = await next.says(HELD)
    expect(BigInt(higher)).toBeGreaterThan(BigInt(token))
    next.kill('SIGKILL')
    await gateway.stop()
    await etcd.stop()
  })

  test('a server that stops says so, and gives everything up first', async () => {
    const store = await startServe()
    const other = await startServe({ backend: store.url })
    const held = streamingCurl('-X', 'POST', `${other.url}/_election/e?id=me`)
    await held.says(/^\{"ok":true,"id":"me","token":"\d+"\}\n/)
    process.kill(other.pid, 'SIGTERM')
    const { code, stdout } = await held.ended
    expect({ code, stdout }).toMatchObject({
      code: 18,
      stdout: expect.stringContaining('the server is shutting down'),
    })
    const next = streamingCurl('-X', 'POST', `${store.url}/_election/e?id=next`)
    await next.says(/^\{"ok":true,"id":"next"/)
    await other.stop()
    await store.stop()
  })

  test('a network that is cut gives it up, and one that hesitates does not', async () => {
    const proxy = await startProxy({ host: '127.0.0.1', port: server.port })
    const held = streamingCurl('-X', 'POST', `${proxy.url('http')}/_lock/proxied`)
    await held.says(HELD)
    proxy.pause()
    expect(await holders('proxied')).toHaveLength(1)
    proxy.resume()
    await held.says(/\n\n/)
    proxy.cut()
    await untilQueued(() => holders('proxied'), 0)
    await proxy.stop()
  })
})

const untilQueued = async (holders: () => Promise<readonly unknown[]>, count: number) => {
  while ((await holders()).length !== count);
}
