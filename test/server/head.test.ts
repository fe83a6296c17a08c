import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Place } from '../commands/rdv.ts'
import { findProgram } from '../services/fetch.ts'
import type { Service } from '../services/service.ts'
import { curl, untilWaiting } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'
import { streamingCurl } from './streaming-curl.ts'

describe('HEAD', () => {
  let server: Service
  const head = (path: string, ...args: string[]) => curl('-I', ...args, server.url + path)
  /** All headers but those that differ from one answer to the next. */
  const lasting = ({ date: _, ...headers }: Readonly<Record<string, readonly string[]>>) => headers

  beforeAll(async () => {
    server = await startServe({ store: 'memory' })
    await curl('-X', 'PUT', `${server.url}/there`)
    await curl('-d', 'one', `${server.url}/_topic/t`)
  })
  afterAll(() => server.stop())

  test.each([
    '/there',
    '/absent?timeout=10ms',
    '/absent?timeout=soon',
    '/_mine',
    '/_counter/c',
    '/_counter/c?at-least=1&timeout=10ms',
    '/_waitgroup/w',
    '/_lock/l',
    '/_election/e',
    '/_health',
    '/_openapi.json',
    '/_page/none',
    '/_rdv/v1',
    '/_port/127.0.0.1/0',
    '/_topic/t?from=nowhere',
  ])('of %s has the status and the headers of GET', async (path) => {
    const got = await curl(server.url + path)
    const told = await head(path)
    expect([told.status, lasting(told.headers)]).toEqual([got.status, lasting(got.headers)])
    expect(told.exitCode).toBe(0)
  })

  test('of the page is for a browser, and of / and what goes on there is for all', async () => {
    const browser = ['-H', 'accept: text/html']
    expect((await head('/', ...browser)).headers['content-type']).toEqual([
      'text/html; charset=utf-8',
    ])
    for (const path of ['/', '/_activity', '/_metrics']) {
      expect(await head(path)).toMatchObject({ status: 200 })
    }
  })

  test.each([
    ['/_topic/t?from=start', 'application/octet-stream'],
    ['/_topic/t?count=5', 'application/octet-stream'],
    ['/_events', 'text/event-stream'],
    ['/_rdv/v1/watch?scope=rdv/signal/', 'application/x-ndjson'],
  ])('of the stream %s is answered at once', async (path, type) => {
    const { status, headers, exitCode } = await head(path)
    expect([status, headers['content-type'], exitCode]).toEqual([200, [type], 0])
  })

  test('of a named subscriber leaves its reader and its place alone', async () => {
    const reading = streamingCurl(`${server.url}/_topic/t?as=reader&from=start&count=2`)
    await reading.says(/^one\n/)
    expect(await head('/_topic/t?as=reader&from=start')).toMatchObject({ status: 200 })
    await curl('-d', 'two', `${server.url}/_topic/t`)
    expect(await reading.ended).toMatchObject({ stdout: 'one\ntwo\n', code: 0 })
  })

  test('waits as GET does, takes no lock, and arrives nowhere', async () => {
    const waiting = head('/later')
    await untilWaiting(server.url, '/later')
    await curl('-X', 'PUT', `${server.url}/later`)
    expect(await waiting).toMatchObject({ status: 200, exitCode: 0 })
    await head('/_lock/free')
    expect((await curl(`${server.url}/_lock/free`)).body).toMatchObject({ queue: [] })
    expect(await head('/_barrier/b?parties=1')).toMatchObject({ status: 405 })
  })

  test('is what wget --spider waits with', async () => {
    const wget = findProgram('wget').path
    const spider = (path: string) =>
      new Place().sh('"$1" --spider --quiet --tries 1 "$2"', wget, server.url + path)
    expect((await spider('/there')).code).toBe(0)
    expect((await spider('/absent?timeout=10ms')).code).not.toBe(0)
    expect((await spider('/_health')).code).toBe(0)
  })
})
