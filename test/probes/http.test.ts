import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import { UsageError } from '../../src/base/errors.ts'
import { parseExpression } from '../../src/probes/expression.ts'
import { HttpResponseCheck } from '../../src/probes/http/response-check.ts'
import { openProbe } from '../../src/probes/open.ts'
import { closed, closedPort, listen, listenHttp, look } from './servers.ts'

const answer =
  (status: number, body = '', headers: Record<string, string> = {}): RequestListener =>
  (_, response) =>
    void response.writeHead(status, headers).end(body)

const urlOf = async (serve: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listenHttp(serve)}/`

/** An answer whose head has arrived, and whose body must match the expression. */
const answerWanting = async (expression: string): Promise<HttpResponseCheck> => {
  const body = await parseExpression(expression)
  const answer = new HttpResponseCheck({ status: [[200, 200]], body })
  answer.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))
  return answer
}

const requestOf = async (
  path: string,
  options = {},
  credentials = '',
): Promise<IncomingMessage> => {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>()
  const port = await listenHttp((request, response) => {
    resolve(request)
    response.end()
  })
  await look(`http://${credentials}127.0.0.1:${port}${path}`, options)
  return promise
}

describe('the status', () => {
  test('2xx is up', async () => {
    expect(await look(await urlOf(answer(204)))).toEqual({ up: true })
  })

  test('any other is the reason', async () => {
    expect(await look(await urlOf(answer(503)))).toEqual({ up: false, reason: 'HTTP 503' })
  })

  test('may be asked for in ranges', async () => {
    const url = await urlOf(answer(404))
    const ranges = { httpStatus: [[200, 299] as const, [401, 404] as const] }
    expect(await look(url, ranges)).toEqual({ up: true })
    expect((await look(url, { httpStatus: [[200, 403]] })).up).toBe(false)
  })

  test('of a redirect is the answer, it is not followed', async () => {
    let requests = 0
    const url = await urlOf((request, response) => {
      requests++
      answer(302, '', { location: '/elsewhere' })(
        request,
        response as ServerResponse<IncomingMessage> & { req: IncomingMessage },
      )
    })
    expect(await look(url)).toEqual({ up: false, reason: 'HTTP 302' })
    expect(requests).toBe(1)
  })
})

describe('the request', () => {
  test('is a GET of path and query', async () => {
    const { method, url } = await requestOf('/health?deep=1')
    expect([method, url]).toEqual(['GET', '/health?deep=1'])
  })

  test('names the host of the URL', async () => {
    const seen = Promise.withResolvers<string | undefined>()
    const port = await listenHttp((request, response) => {
      seen.resolve(request.headers.host)
      response.end()
    })
    await look(`http://localhost:${port}/`)
    expect(await seen.promise).toBe(`localhost:${port}`)
  })

  test('carries extra headers, which win over ours', async () => {
    const { headers } = await requestOf('/', { httpHeaders: { 'X-Key': 'k', Host: 'other.test' } })
    expect([headers['x-key'], headers.host]).toEqual(['k', 'other.test'])
  })

  test('carries user and password of the URL as basic authentication', async () => {
    const { headers } = await requestOf('/', {}, 'me:p%40ss@')
    expect(headers.authorization).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`)
  })

  test('does not keep its connection', async () => {
    const request = await requestOf('/')
    expect(request.headers.connection).toBe('close')
    await closed(request.socket)
  })

  test('with a header that cannot be sent is a usage error that hides the value', () => {
    const open = () => openProbe('http://h/', { httpHeaders: { 'X-Key': 'hidden\n' } })
    expect(open).toThrow(/^the value of the HTTP header X-Key/)
    expect(open).not.toThrow(/hidden/)
  })
})

describe('the body', () => {
  test('must match where asked for', async () => {
    const url = await urlOf(answer(200, 'state: ready'))
    expect(await look(url, { httpBodyMatch: /ready$/ })).toEqual({ up: true })
    const reason = 'HTTP 200, but the body does not match /busy/'
    expect(await look(url, { httpBodyMatch: /busy/ })).toEqual({ up: false, reason })
  })

  test('matches at every look, also with a global expression', async () => {
    const probe = openProbe(await urlOf(answer(200, 'ready')), { httpBodyMatch: /ready/g })
    const { signal } = new AbortController()
    expect([await probe.check(signal), await probe.check(signal)]).toEqual([
      { up: true },
      { up: true },
    ])
  })

  test('is read to 1 MiB only, however long it is', async () => {
    const url = await urlOf((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      }
      response.on('drain', more)
      more()
    })
    expect((await look(url, { httpBodyMatch: /y/ })).up).toBe(false)
    expect((await look(url, { httpBodyMatch: /x/ })).up).toBe(true)
  })

  test('that never ends counts only where it is asked for', async () => {
    const url = await urlOf((_, response) => void response.write('begin'))
    expect(await look(url)).toEqual({ up: true })
    const reason = 'HTTP 200, but the body did not match /end/ within 2s'
    expect(await look(url, { httpBodyMatch: /end/ }, 2000)).toEqual({
      ...{ up: false, unknown: true, reason },
    })
  })

  test('that never ends is up once what has come of it matches', async () => {
    const url = await urlOf((_, response) => void response.write('data: ready\n\n'))
    expect(await look(url, { httpBodyMatch: 'ready' }, 60_000)).toEqual({ up: true })
    expect(await look(url, { httpBodyMatch: '(?m)^data: ready$' }, 60_000)).toEqual({ up: true })
  })

  test('that comes in pieces is searched over their borders', async () => {
    const pieces = Buffer.from('state: r\u00e4dy')
    const answer = await answerWanting('r\u00e4dy')
    answer.push(pieces.subarray(0, 9))
    expect(answer.search()).toBe(undefined)
    answer.push(pieces.subarray(9))
    expect(answer.search()).toEqual({ up: true })
  })

  test('is not taken for ended before it is', async () => {
    const answer = await answerWanting('ready$')
    answer.push(Buffer.from('ready'))
    expect(answer.search()).toBe(undefined)
    expect(answer.end(false)).toEqual({ up: true })
    answer.push(Buffer.from(' or not'))
    expect(answer.end(false)).toMatchObject({ up: false })
    expect(answer.end(true)).toMatchObject({ up: false, unknown: true })
  })

  test('that is longer than is read has no end', async () => {
    const url = await urlOf(answer(200, 'x'.repeat(1024 * 1024 + 1)))
    expect((await look(url, { httpBodyMatch: 'x$' })).up).toBe(false)
  })
})

describe('an expression', () => {
  test('takes time that grows no faster than the body', async () => {
    const url = await urlOf(answer(200, `${'word '.repeat(200_000)}!`))
    const found = await look(url, { httpBodyMatch: '^(\\w+\\s?)*$' }, 60_000)
    expect(found).toEqual({
      ...{ up: false, reason: 'HTTP 200, but the body does not match /^(\\w+\\s?)*$/' },
    })
  })

  test('of very many steps is given up', async () => {
    let random = 1
    const letter = () => {
      random = (random * 1_103_515_245 + 12_345) % 2 ** 31
      return random > 2 ** 30 ? 'a' : 'b'
    }
    const url = await urlOf(answer(200, `c${Array.from({ length: 900_000 }, letter).join('')}-c`))
    const looking = look(url, { httpBodyMatch: '[ab]*a[ab]{900}c' }, 60_000)
    expect(await looking).toEqual({
      ...{ up: false, unknown: true, reason: 'the expression takes too long' },
    })
  })

  test('may be a RegExp, of which i, m and s count', async () => {
    const url = await urlOf(answer(200, 'one\nREADY\nthree'))
    expect(await look(url, { httpBodyMatch: /^ready$/im })).toEqual({ up: true })
    expect((await look(url, { httpBodyMatch: /^ready$/m })).up).toBe(false)
    expect(await look(url, { httpBodyMatch: /one.ready/is })).toEqual({ up: true })
  })

  test.for([
    ['(', 'missing closing )'],
    ['a(?=b)', 'RE2 does not support lookahead and lookbehind'],
    ['(?<!a)b', 'RE2 does not support lookahead and lookbehind'],
    ['(a)\\1', 'RE2 does not support backreferences'],
  ] as const)('%s is a usage error', async ([expression, reason]) => {
    const looking = look(await urlOf(answer(200, 'a')), { httpBodyMatch: expression })
    await expect(looking).rejects.toThrow(UsageError)
    await expect(looking).rejects.toThrow(`is not a regular expression in RE2 syntax: ${reason}`)
  })
})

describe('a server', () => {
  test('that is not there is refused', async () => {
    const found = await look(`http://localhost:${await closedPort()}/`)
    expect(found).toEqual({ up: false, reason: 'connection refused' })
  })

  test('on IPv6 only is localhost too', async () => {
    const port = await listenHttp(answer(200), '::1')
    expect(await look(`http://localhost:${port}/`)).toEqual({ up: true })
  })

  test('that answers on one address of localhost tells more than the refusal of the other', async () => {
    const port = await listenHttp(answer(503), '::1')
    expect(await look(`http://localhost:${port}/`)).toEqual({ up: false, reason: 'HTTP 503' })
  })

  test('that accepts and never answers ends with the time limit', async () => {
    const found = await look(`http://127.0.0.1:${await listen()}/`, {}, 1_000)
    expect(found).toEqual({ up: false, unknown: true, reason: 'no answer within 1s' })
  })

  test('that hangs up is not up', async () => {
    const port = await listen('127.0.0.1', (socket) => socket.end())
    expect(await look(`http://127.0.0.1:${port}/`)).toEqual({
      up: false,
      reason: 'connection closed',
    })
  })

  test('that speaks something else is not up', async () => {
    const port = await listen('127.0.0.1', (socket) => socket.end('220 mail.test ESMTP\r\n'))
    expect(await look(`http://127.0.0.1:${port}/`)).toEqual({
      up: false,
      reason: 'does not speak HTTP',
    })
  })

  test('without TLS is not up for https', async () => {
    const port = await listenHttp(answer(200))
    expect(await look(`https://127.0.0.1:${port}/`)).toEqual({
      up: false,
      reason: 'does not speak TLS',
    })
  })
})
