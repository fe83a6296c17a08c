import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '../services/service.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { curl } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']

const ALLOWED = {
  counter: ['GET', 'HEAD', 'POST', 'PUT'],
  waitgroup: ['GET', 'HEAD', 'POST'],
  barrier: ['POST'],
  topic: ['GET', 'HEAD', 'POST'],
  lock: ['GET', 'HEAD', 'POST'],
  election: ['GET', 'HEAD', 'POST'],
}

describe('a request that is wrong', () => {
  let server: Service
  beforeAll(async () => {
    server = await startServe({ store: 'memory' })
  })
  afterAll(() => server.stop())

  test.each(Object.entries(ALLOWED))(
    '/_%s takes no other methods than its own',
    async (kind, allowed) => {
      for (const method of METHODS.filter((one) => !allowed.includes(one))) {
        const how = method === 'HEAD' ? ['-I'] : ['-X', method]
        const answer = await curl(...how, `${server.url}/_${kind}/x`)
        expect([method, answer.status]).toEqual([method, 405])
        expect(answer.headers.allow?.[0]?.split(', ').sort()).toEqual(allowed)
        if (method !== 'HEAD') expect(answer.body).toMatchObject({ ok: false })
      }
    },
  )

  test.each([
    ['POST', 'counter/c?by=x', 'by "x" is not an integer of 64 bits'],
    ['POST', 'counter/c?by=', 'by "" is not an integer of 64 bits'],
    ['POST', 'counter/c?by=1.5', 'by "1.5" is not an integer of 64 bits'],
    ['POST', 'counter/c?by=9223372036854775808', 'is not an integer of 64 bits'],
    ['POST', 'counter/c?by=1&by=2', 'by is given twice: give it once'],
    [
      'POST',
      'counter/c?amount=1',
      'unknown parameter "amount": this request takes by, idempotency-key',
    ],
    ['POST', 'counter/c?__proto__=1', 'unknown parameter "__proto__"'],
    ['POST', 'counter/c?idempotency-key=', 'idempotency-key is empty'],
    ['POST', `counter/c?idempotency-key=${'x'.repeat(257)}`, 'longer than 256 bytes'],
    ['PUT', 'counter/c', 'the value is missing: write ?value=0'],
    ['GET', 'counter/c?timeout=1s', 'add at-least, at-most or equals'],
    ['GET', 'counter/c?equals=0&timeout=soon', 'timeout "soon" is not a duration'],
    ['GET', 'waitgroup/g?expect=-1', 'expect -1 is negative'],
    ['POST', 'waitgroup/g?by=0', 'by is 0'],
    ['POST', 'barrier/b', 'the number of parties is missing: write ?parties=3'],
    ['POST', 'barrier/b?parties=0', 'parties "0" is not an integer of at least 1'],
    ['POST', 'barrier/b?parties=2&ttl=0', 'ttl must be greater than 0'],
    ['POST', 'lock/l?slots=0', 'slots "0" is not an integer of at least 1'],
    ['POST', 'lock/l?try=maybe', 'try must be true or false, not "maybe"'],
    ['GET', 'lock/l?slots=1', 'unknown parameter "slots": this request takes no parameters'],
    ['POST', 'election/e', 'the id of the candidate is missing: write ?id=node1'],
    ['POST', 'election/e?id=a%0ab', 'has a control character'],
    ['POST', 'counter/', 'the counter "" is empty'],
    ['POST', 'lock/a/', 'ends with a slash'],
    ['POST', 'lock/_mine', 'begins with "_"'],
    ['POST', 'election/a=b?id=x', 'has an "="'],
    ['GET', 'topic/..', 'has a part "." or ".."'],
    ['GET', 'counter/%zz', 'write % as %25'],
    ['GET', `counter/${'x'.repeat(513)}`, 'is longer than 512 bytes'],
  ])('%s /_%s: a sentence, and nothing is changed', async (method, path, sentence) => {
    const { status, body } = await curl('-X', method, `${server.url}/_${path}`)
    expect({ status, body }).toEqual({
      status: 400,
      body: { ok: false, error: expect.stringContaining(sentence), kind: 'usage' },
    })
    expect((await curl(`${server.url}/_counter/c`)).body).toMatchObject({ value: '0' })
  })

  /** The ways in which curl sends a body. */
  const BODIES: readonly (readonly string[])[] = [
    ['-d', '{"by":5}', '-H', 'content-type: application/json'],
    ['-d', 'by=5'],
    ['-d', '{not json', '-H', 'content-type: x/y'],
    ['-d', 'ready', '-H', 'content-type:'],
    ['-F', 'by=5'],
    ['-d', 'by=5', '-H', 'transfer-encoding: chunked'],
    ['-d', 'by=5', '-H', 'expect: 100-continue'],
    ['-T', import.meta.filename],
  ]

  const TAKING_NONE: readonly (readonly [string, string, string])[] = [
    ['POST', '/_counter/body', '(by, idempotency-key)'],
    ['PUT', '/_counter/body?value=3', '(value, if-equals)'],
    ['GET', '/_counter/body', 'takes no body'],
    ['POST', '/_waitgroup/body', '(by, idempotency-key)'],
    ['POST', '/_barrier/body?parties=1', 'parties'],
    ['POST', '/_lock/body', 'slots'],
    ['GET', '/_lock/body', 'leave it out'],
    ['POST', '/_election/body?id=me', 'id'],
    ['GET', '/_topic/body?from=start&timeout=1s', 'from'],
    ['PUT', '/body', '(state, expire, by)'],
    ['POST', '/body', '(state, expire, by)'],
    ['DELETE', '/kept', '(by)'],
    ['GET', '/kept', 'state'],
    ['GET', '/_port/127.0.0.1/1', 'timeout'],
    ['GET', '/_rdv/v1', 'leave it out'],
    ['GET', '/_health', 'leave it out'],
    ['GET', '/', 'leave it out'],
  ]

  test.each(TAKING_NONE)('a body of %s %s is refused, and nothing is done', async (...request) => {
    const [method, path, sentence] = request
    await curl('-X', 'PUT', `${server.url}/kept`)
    // curl appends the file's name to a path that ends with a slash
    const bodies = path.endsWith('/') ? BODIES.slice(0, -1) : BODIES
    for (const body of bodies) {
      const { status, body: answer } = await curl('-X', method, ...body, server.url + path)
      const error = expect.stringContaining(sentence)
      expect([body, status, answer]).toEqual([body, 400, { ok: false, error, kind: 'usage' }])
    }
    expect((await curl(`${server.url}/_counter/body`)).body).toMatchObject({ value: '0' })
    expect((await curl(`${server.url}/_lock/body`)).body).toMatchObject({ queue: [] })
    expect((await curl(`${server.url}/`)).body).toMatchObject({ marked: ['/kept'] })
  })

  test('an empty body is none', async () => {
    const EMPTY = [
      ['-d', ''],
      ['-d', '', '-H', 'content-type: application/json'],
      ['-d', '', '-H', 'transfer-encoding: chunked'],
      ['-T', '/dev/null'],
    ]
    for (const body of EMPTY) {
      for (const [method, path] of [
        ['POST', '/_counter/empty'],
        ['PUT', '/empty'],
        ['POST', '/empty'],
        ['GET', '/empty'],
        ['DELETE', '/other'],
      ]) {
        const { status } = await curl('-X', `${method}`, ...body, `${server.url}${path}`)
        expect([method, body, status]).toEqual([method, body, 200])
      }
    }
    expect((await curl(`${server.url}/_counter/empty`)).body).toMatchObject({ value: '4' })
    await curl('-X', 'DELETE', `${server.url}/empty`)
  })

  test('a body that is too large is refused', async () => {
    const folder = temporaryFolder('body')
    const file = join(folder, 'large')
    writeFileSync(file, Buffer.alloc(20 * 1_024 * 1_024))
    const answer = await curl('--data-binary', `@${file}`, `${server.url}/_topic/t`)
    expect(answer).toMatchObject({ status: 413, body: { ok: false } })
  })
})
