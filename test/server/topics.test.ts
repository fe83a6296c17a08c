import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Place } from '../commands/rdv.ts'
import type { Service } from '../services/service.ts'
import { curl, untilWaiting } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'
import { streamingCurl } from './streaming-curl.ts'

const EVENTS = ['-H', 'Accept: text/event-stream']

interface Published {
  readonly count: number
  readonly first: string
  readonly last: string
}

describe.concurrent('a topic by curl', () => {
  let server: Service
  const url = (topic: string) => `${server.url}/_topic/${topic}`
  const publish = async (topic: string, data: string, query = ''): Promise<Published> => {
    const answer = await curl('-X', 'POST', '--data-binary', data, `${url(topic)}?${query}`)
    expect(answer).toMatchObject({ status: 200, body: { ok: true } })
    return answer.body as Published
  }
  /** Subscribes. Resolves once the subscriber can miss no further message. */
  const subscribed = async (topic: string, ...args: string[]) => {
    const stream = streamingCurl('--verbose', ...args, url(topic))
    await stream.says(/^< HTTP\/1.1 200 OK\r?\n(< .+\r?\n)*< \r?\n/m)
    return stream
  }

  beforeAll(async () => {
    server = await startServe({ store: 'memory' })
  })
  afterAll(() => server.stop())

  test('streams lines as they are published, by curl and by rdv', async () => {
    const stream = await subscribed('lines')
    await publish('lines', 'one')
    await publish('lines', 'two\nthree\n', 'lines')
    await new Place({ RDV_BACKEND: server.url }).rdv('publish', 'lines', 'four')
    expect(await stream.says(/^one\ntwo\nthree\nfour\n$/)).toBeTruthy()
  })

  test('streams events whose ids resume it', async () => {
    const stream = await subscribed('events', ...EVENTS)
    const { last } = await publish('events', 'one')
    const [, begin = ''] = await stream.says(
      new RegExp(`^id: (\\S+)\n\nid: ${last}\ndata: one\n\n$`),
    )
    stream.kill('SIGKILL')
    await publish('events', 'two\n\nlines')
    const resumed = async (id: string) =>
      (await curl(...EVENTS, '-H', `Last-Event-ID: ${id}`, `${url('events')}?count=1`)).body
    expect(await resumed(begin)).toContain('data: one\n\n')
    expect(await resumed(last)).toMatch(
      /^id: 1-\S+\n\nid: 2-\S+\ndata: two\ndata: \ndata: lines\n\n$/,
    )
  })

  test('an event carries any bytes', async () => {
    await publish('bytes', 'a\rb')
    const { body } = await curl(...EVENTS, `${url('bytes')}?from=start&count=1`)
    expect(body).toContain(`event: base64\ndata: ${Buffer.from('a\rb').toString('base64')}\n\n`)
    await publish('nulls', 'a\nb\n', 'retain-for=1h')
    await publish('nulls', 'c')
    const { stdout } = await streamingCurl(`${url('nulls')}?from=start&count=2&null`).ended
    expect(stdout).toBe('a\nb\n\0c\0')
  })

  test('a GET with a count waits for that many, and ends', async () => {
    const waiting = curl(`${url('count')}?from=start&count=3`)
    await untilWaiting(server.url, '/_topic/count')
    await publish('count', 'a\nb\nc\nd', 'lines')
    expect(await waiting).toMatchObject({ status: 200, body: 'a\nb\nc\n', exitCode: 0 })
  })

  test('a time that is up ends a stream well, and fails a count', async () => {
    await publish('time', 'a')
    expect(await curl(`${url('time')}?from=start&timeout=200ms`)).toMatchObject({
      body: 'a\n',
      exitCode: 0,
    })
    expect(await curl(`${url('time')}?from=start&count=2&timeout=200ms`)).toMatchObject({
      body: 'a\n',
      exitCode: 18,
    })
    expect(await curl(`${url('time')}?count=1&timeout=200ms`)).toMatchObject({
      status: 404,
      body: { ok: false, error: 'Timeout' },
    })
  })

  test('messages that are gone are told, and are no clean end', async () => {
    const { first } = await publish('gap', 'lost')
    for (let number = 0; number < 3; number++) await publish('gap', `kept ${number}`, 'retain=1')
    const lines = await curl(`${url('gap')}?from=${first}`)
    expect(lines).toMatchObject({ body: '', exitCode: 18 })
    expect(await curl(`${url('gap')}?from=${first}&count=1`)).toMatchObject({
      status: 410,
      body: { ok: false, kind: 'lost' },
    })
    const events = await curl(...EVENTS, `${url('gap')}?from=${first}`)
    const [, id = ''] =
      /id: (\S+)\nevent: gap\ndata: \{"ok":false.*\}\n\n$/.exec(String(events.body)) ?? []
    expect(events.exitCode).toBe(0)
    const behind = await curl(...EVENTS, '-H', `Last-Event-ID: ${id}`, `${url('gap')}?count=1`)
    expect(behind.body).toContain('data: kept')
  })

  test('a named subscriber goes on where it left off, and only one has the name', async () => {
    await publish('named', 'a\nb\nc', 'lines')
    const first = await curl(`${url('named')}?as=mailer&from=start&count=2`)
    expect(first.body).toBe('a\nb\n')
    const older = await subscribed('named?as=mailer')
    await older.says(/^c\n/)
    const newer = await subscribed('named?as=mailer')
    await publish('named', 'd')
    await newer.says(/d\n$/)
    expect((await older.ended).code).toBe(18)
  })

  test('a heartbeat comes while there are no events', async () => {
    const stream = await subscribed('quiet', ...EVENTS)
    expect(await stream.says(/\n: heartbeat\n\n/)).toBeTruthy()
  })

  test('readers that read nothing cost little memory, and are let go', async () => {
    const line = `${'x'.repeat(1_000)}\n`
    for (let round = 0; round < 40; round++) await postLines(url('slow'), line.repeat(1_000))
    const before = residentBytes(server.pid)
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(server.port, '127.0.0.1')
      socket.pause()
      socket.write('GET /_topic/slow?from=start HTTP/1.1\r\nHost: x\r\n\r\n')
      return socket
    })
    const [slow] = sockets as [Socket]
    await once(slow, 'connect')
    await untilServerClosed(server, slow)
    expect(residentBytes(server.pid) - before).toBeLessThan(100 * 1_024 * 1_024)
    let received = 0
    slow.on('data', (piece) => {
      received += piece.length
    })
    slow.resume()
    await once(slow, 'close')
    expect(received).toBeGreaterThan(0)
    expect(received).toBeLessThan(40 * 1_001_000)
    for (const socket of sockets) socket.destroy()
  })

  test('what is no message is refused with a sentence', async () => {
    expect(await curl('-X', 'POST', url('bad'))).toMatchObject({ status: 400 })
    const refused = async (method: string, query: string, ...args: string[]) => {
      const answer = await curl('-X', method, ...args, `${url('bad')}?${query}`)
      expect([query, answer.status]).toEqual([query, 400])
      expect(answer.body).toMatchObject({ ok: false, error: expect.any(String) })
    }
    for (const query of ['lines&null', 'retain=0', 'retain-for=0', 'retain=-1', 'from=start'])
      await refused('POST', query, '--data-binary', 'x')
    for (const query of ['from=never', 'count=0', 'as=a=b', 'as=', 'timeout=x', 'lines'])
      await refused('GET', query)
    await refused('GET', '', '-H', 'Last-Event-ID: 1')
  })
})

const residentBytes = (pid: number): number => {
  const [, kilobytes = ''] =
    /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1_024
}

const postLines = async (url: string, body: string): Promise<void> => {
  const answer = await fetch(`${url}?lines&retain=100000`, { method: 'POST', body })
  expect(answer.status).toBe(200)
}

/** Resolves once the server has no connection to this socket any more. */
const untilServerClosed = async (server: Service, socket: Socket): Promise<void> => {
  const port = socket.localPort?.toString(16).padStart(4, '0').toUpperCase()
  const own = server.port.toString(16).padStart(4, '0').toUpperCase()
  const open = new RegExp(`:${own} 0100007F:${port} 01 `)
  while (open.test(readFileSync('/proc/net/tcp', 'latin1'))) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
