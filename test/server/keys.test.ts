import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '../services/service.ts'
import { curl, untilHome, untilWaiting } from './curl.ts'
import { startServe } from './fixtures/serve-process.ts'

describe('keys, for curl', () => {
  let server: Service
  const url = (path: string) => server.url + path
  const put = (path: string, ...args: string[]) => curl('-X', 'PUT', ...args, url(path))

  beforeAll(async () => {
    server = await startServe({ store: 'memory' })
  })
  afterAll(() => server.stop())

  test('a GET blocks until the key is PUT', async () => {
    const waiting = curl(url('/block'))
    await untilWaiting(server.url, '/block')
    expect(await put('/block')).toMatchObject({ status: 200, body: { ok: true }, exitCode: 0 })
    expect(await waiting).toMatchObject({ status: 200, body: { ok: true } })
  })

  test('a PUT before the GET counts, and so does a POST, for every waiter and for ever', async () => {
    await put('/early')
    await curl('-X', 'POST', url('/early-post'))
    for (const path of ['/early', '/early', '/early-post']) {
      expect((await curl(url(path))).body).toEqual({ ok: true })
    }
  })

  test('a wait whose time is up is answered 404 with exactly what web-rendezvous says', async () => {
    const answer = await curl(url('/nobody-signals-this?timeout=50ms'))
    expect(answer).toMatchObject({ status: 404, body: { ok: false, error: 'Timeout' } })
    expect(answer.body).toEqual({ ok: false, error: 'Timeout' })
    expect(answer.headers['content-type']?.[0]).toMatch(/^application\/json/)
  })

  test('a wait that times out says which similar key exists', async () => {
    await put('/databse')
    const answer = await curl(url('/database?timeout=50ms'))
    expect(answer.body).toEqual({
      ok: false,
      error: 'Timeout',
      hint: '/databse is signalled: did you mean that key?',
    })
  })

  test('a signal shortly before the time is up still gives 200', async () => {
    const started = performance.now()
    const waiting = curl(url('/late?timeout=4s'))
    await untilWaiting(server.url, '/late')
    setTimeout(() => void put('/late'), 3_500 - (performance.now() - started))
    expect(await waiting).toMatchObject({ status: 200 })
  })

  test('100 waiters are released by one PUT', async () => {
    const waiters = Array.from({ length: 100 }, () => curl(url('/crowd')))
    await untilWaiting(server.url, '/crowd')
    await put('/crowd')
    const statuses = (await Promise.all(waiters)).map(({ status }) => status)
    expect(statuses).toEqual(Array.from({ length: 100 }, () => 200))
  })

  test('DELETE clears a key, and clearing nothing is success', async () => {
    await put('/cleared')
    expect(await curl('-X', 'DELETE', url('/cleared'))).toMatchObject({ status: 200 })
    expect(await curl('-X', 'DELETE', url('/cleared'))).toMatchObject({ status: 200 })
    expect(await curl(url('/cleared?timeout=50ms'))).toMatchObject({ status: 404 })
  })

  test('a state is waited for', async () => {
    await put('/migration?state=running')
    const waiting = curl(url('/migration?state=done'))
    await untilWaiting(server.url, '/migration')
    await put('/migration?state=done')
    expect(await waiting).toMatchObject({ status: 200 })
    expect((await curl(url('/migration?timeout=50ms'))).body).toMatchObject({ hint: 'is done' })
    expect(await curl(url('/migration?state=*'))).toMatchObject({ status: 200 })
  })

  test('a state that expires goes by itself', async () => {
    await put('/brief?expire=200ms')
    expect(await curl(url('/brief'))).toMatchObject({ status: 200 })
    await untilHome(server.url, ({ marked }) => !marked.includes('/brief'))
    expect(await curl(url('/brief?timeout=50ms'))).toMatchObject({ status: 404 })
  })

  test('a group is waited for: every member ready, and at least so many', async () => {
    await put('/deploy/a')
    const waiting = curl(url('/deploy/?min=3'))
    await untilWaiting(server.url, '/deploy/')
    await put('/deploy/b?state=busy')
    await put('/deployment/x')
    await put('/deploy/deep/er')
    await put('/deploy/c')
    expect((await curl(url('/deploy/?min=3&timeout=50ms'))).body).toMatchObject({
      error: 'Timeout',
      hint: expect.stringContaining('b is busy'),
    })
    await put('/deploy/b')
    expect(await waiting).toMatchObject({ status: 200 })
    expect(await curl(url('/deploy/?ready=2'))).toMatchObject({ status: 200 })
  })

  test('keys that begin with an underscore are reserved', async () => {
    const reserved = { ok: false, error: "Keys starting with '_' are reserved" }
    for (const method of ['PUT', 'POST', 'GET', 'DELETE']) {
      const answer = await curl('-X', method, url('/_mine'))
      expect(answer).toMatchObject({ status: 404 })
      expect(answer.body).toEqual(reserved)
    }
    expect(await put('/_port/127.0.0.1/80')).toMatchObject({ status: 404, body: reserved })
  })

  test('paths that are no key are refused with a sentence', async () => {
    const paths = [
      '/a//b',
      '/a/../b',
      '/a=b',
      '/http:%2F%2Fx',
      '/%zz',
      '/%ff',
      '/%00',
      '/a/%2e%2e/b',
    ]
    for (const path of [...paths, `/${'x'.repeat(513)}`]) {
      for (const method of ['GET', 'PUT']) {
        const answer = await curl('-X', method, url(path))
        expect([path, answer.status]).toEqual([path, 400])
        expect(answer.body).toMatchObject({ ok: false, error: expect.any(String) })
      }
    }
    expect(await put('/deploy/')).toMatchObject({ status: 400 })
    expect(await curl('-X', 'DELETE', url('/deploy/'))).toMatchObject({ status: 400 })
    expect(await curl(url('/k?timeout=soon'))).toMatchObject({ status: 400 })
    expect(await put('/k?state=%0a')).toMatchObject({ status: 400 })
  })

  test('the path is percent-decoded', async () => {
    await put('/%64%62%2Fmigr%C3%A4ted')
    expect(await curl(url('/db/migr%C3%A4ted'))).toMatchObject({ status: 200 })
  })

  test('other methods are answered 405 with those that are allowed', async () => {
    const allowed = ['GET, HEAD, PUT, POST, DELETE']
    for (const method of ['PATCH', 'OPTIONS', 'get']) {
      const { status, headers } = await curl('-X', method, url('/k'))
      expect([method, status, headers.allow]).toEqual([method, 405, allowed])
    }
    for (const [method, path, allow] of [
      ['POST', '/', 'GET, HEAD'],
      ['PATCH', '/_health', 'GET, HEAD'],
      ['PATCH', '/_port/localhost/80', 'GET, HEAD'],
      ['PATCH', '/_rdv/v1/get', 'POST'],
    ] as const) {
      const { status, headers } = await curl('-X', method, url(path))
      expect([path, status, headers.allow]).toEqual([path, 405, [allow]])
    }
    expect(await curl('-X', 'PATCH', url('/_mine'))).toMatchObject({ status: 404 })
  })

  test('a parameter that is none, or is empty, is refused, and nothing is changed', async () => {
    for (const [method, query, sentence] of [
      ['PUT', 'stat=migrated', 'unknown parameter "stat": this request takes state, expire, by'],
      ['PUT', 'timeout=1s', 'unknown parameter "timeout"'],
      ['PUT', 'state=', 'state is empty'],
      ['PUT', 'state=a&state=b', 'state is given twice'],
      ['PUT', 'by=', 'by is empty'],
      ['PUT', 'by=a%0ab', 'by is not a name'],
      ['PUT', `by=${'x'.repeat(101)}`, 'by is not a name'],
      ['DELETE', 'state=ready', 'unknown parameter "state"'],
      ['GET', 'min=2', 'add a trailing slash'],
      ['GET', 'wait=5s', 'unknown parameter "wait"'],
    ] as const) {
      const { status, body } = await curl('-X', method, url(`/unchanged?${query}`))
      const error = expect.stringContaining(sentence)
      expect([query, status, body]).toMatchObject([query, 400, { ok: false, error }])
    }
    expect(await curl(url('/unchanged?state=*&timeout=50ms'))).toMatchObject({ status: 404 })
    for (const path of ['/_port/localhost/1?wait=1', '/_activity?of=me', '/_health?token=s3cr3t']) {
      const { status, body } = await curl(url(path))
      expect([path, status]).toEqual([path, 400])
      expect(JSON.stringify(body)).not.toContain('s3cr3t')
    }
  })

  test('a large body is refused as a small one, without being read', async () => {
    const large = 'x'.repeat(100_000)
    const body = Array.from({ length: 11 }, () => ['-d', large]).flat()
    expect(await put('/large', ...body)).toMatchObject({ status: 400, body: { ok: false } })
    const chunked = await put('/large', ...body, '-H', 'transfer-encoding: chunked')
    expect(chunked.status).not.toBe(200)
    expect(await curl(url('/large?timeout=10ms'))).toMatchObject({ status: 404 })
  })

  test('a waiter whose client has gone is freed', async () => {
    const waiting = curl(url('/abandoned'))
    await untilWaiting(server.url, '/abandoned')
    waiting.child.kill('SIGKILL')
    await untilHome(server.url, (home) => !home.waiting_and_failed.includes('/abandoned'))
    const { body } = await curl(url('/'))
    expect(body).toMatchObject({ waiting_and_failed: expect.not.arrayContaining(['/abandoned']) })
  })

  test('the home page lists who waits, who waited in vain, and what is marked', async () => {
    await curl(url('/in-vain?timeout=50ms'))
    await put('/marked')
    const waiting = curl(url('/awaited'))
    await untilWaiting(server.url, '/awaited')
    const { body } = await curl(url('/'))
    expect(body).toEqual({
      ok: true,
      waiting_and_failed: expect.arrayContaining(['/awaited', '/in-vain']),
      marked: expect.arrayContaining(['/marked']),
    })
    await put('/in-vain')
    await put('/awaited')
    await waiting
    await untilHome(server.url, (home) => {
      const all = home.waiting_and_failed
      return (
        !all.includes('/in-vain') && !all.includes('/awaited') && home.marked.includes('/awaited')
      )
    })
  })
})
