import { execFile } from 'node:child_process'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { findProgram } from '../services/fetch.ts'
import { programEnvironment } from '../services/programs.ts'
import { listen, look } from './servers.ts'

/** A server that sends these bytes to every client, and then ends or resets the connection. */
const answering = async (bytes: string | Buffer, end: 'end' | 'reset' = 'end'): Promise<string> => {
  const port = await listen('127.0.0.1', (socket) => {
    socket.once('data', () => {
      const content = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
      if (end === 'end') socket.end(content)
      else socket.write(content, () => socket.resetAndDestroy())
    })
  })
  return `http://127.0.0.1:${port}/`
}

/** Whether the real curl reports success with a body that ends with `ok`. */
const isUpForCurl = (url: string): Promise<boolean> => {
  const program = findProgram('curl')
  const words = ['-q', '--silent', '--noproxy', '*', '--max-time', '60']
  const args = [...words, '--write-out', '\n%{http_code}', url]
  return new Promise((resolve) =>
    execFile(program.path, args, { env: programEnvironment(program) }, (error, stdout) =>
      resolve(!error && /ok\n2\d\d$/.test(stdout)),
    ),
  )
}

const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`
const ok = (...lines: string[]): string => head('HTTP/1.1 200 OK', ...lines)
const chunked = ok('Transfer-Encoding: chunked')
const two = 'Content-Length: 2'
const filler = (bytes: number): string => `X-Filler: ${'x'.repeat(1000)}\r\n`.repeat(bytes / 1012)

const UP: Record<string, string | Buffer> = {
  'an ordinary answer': `${ok(two)}ok`,
  'bare line feeds, and no header': 'HTTP/1.0 200 OK\n\nok',
  'bare line feeds': 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
  'line feeds of both kinds': 'HTTP/1.1 200 OK\r\nA: b\n\r\nok',
  'carriage returns to excess': 'HTTP/1.1 200 OK\r\r\nA: b\r\r\n\r\nok',
  'no reason phrase': `HTTP/1.1 200\r\n${two}\r\n\r\nok`,
  'no reason phrase, but its space': 'HTTP/1.1 200 \r\n\r\nok',
  'no space before the reason': 'HTTP/1.1 200OK\r\n\r\nok',
  'spaces to excess': 'HTTP/1.1   200   OK\r\n\r\nok',
  'a status line in lower case': 'http/1.1 200 ok\r\n\r\nok',
  '20 KB of headers': `HTTP/1.1 200 OK\r\n${filler(20_000)}\r\nok`,
  '250 KB of headers': `HTTP/1.1 200 OK\r\n${filler(250_000)}\r\nok`,
  '5,000 headers': `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(5000)}\r\nok`,
  'a header of 90 KB': `${ok(`A: ${'a'.repeat(90_000)}`)}ok`,
  'a header with a control character': `${ok('A: a\x01\x7fb')}ok`,
  'a header that is not ASCII': `${ok('A: \xc3\xa4\xff')}ok`,
  'a header with a space in its name': `${ok('A B: c')}ok`,
  'a header without a name': `${ok(': c')}ok`,
  'a folded header': `${ok('A: b', '  c', two)}ok`,
  'equal Content-Length twice': `${ok(two, two)}ok`,
  'Content-Length as a list': `${ok('Content-Length: 2, 2')}ok`,
  'Content-Length with a plus sign': `${ok('Content-Length: +2')}ok`,
  'a Content-Length beyond all numbers': `${ok(`Content-Length: ${'9'.repeat(30)}`)}ok`,
  'more than Content-Length says': `${ok(two)}ok and more`,
  'both framings': `${ok('Content-Length: 99', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  'both framings, the other way round': `${ok('Transfer-Encoding: chunked', 'Content-Length: 1')}2\r\nok\r\n0\r\n\r\n`,
  'chunked twice': `${ok('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  'chunked over HTTP/1.0': `${head('HTTP/1.0 200 OK', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\n\r\n`,
  'the coding identity': `${ok('Transfer-Encoding: identity')}ok`,
  'chunks with bare line feeds': `${chunked}2\nok\n0\n\n`,
  'chunks with extensions and a trailer': `${chunked}2;a="b"\r\nok\r\n0;c\r\nA: b\r\n\r\n`,
  'a space behind a chunk’s size': `${chunked}2 \r\nok\r\n0\r\n\r\n`,
  'chunks of a byte': `${chunked}1\r\no\r\n001\r\nk\r\n0\r\n\r\n`,
  '100 Continue first': `${head('HTTP/1.1 100 Continue')}${ok(two)}ok`,
  'early hints first': `${head('HTTP/1.1 103 Early Hints', 'Link: </a>')}${ok(two)}ok`,
  'twenty informational answers first': `${head('HTTP/1.1 102 Processing').repeat(20)}${ok()}ok`,
}

const NOT_UP: Record<string, string | Buffer> = {
  'nothing at all': '',
  'HTTP/0.9': 'ok',
  'a blank line first': `\r\n${ok()}ok`,
  'a mail server': '220 mail.test ESMTP ok',
  'frames of HTTP/2': Buffer.from([0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 128]),
  'another protocol’s name': 'RTSP/1.0 200 OK\r\n\r\nok',
  'an unknown version': 'HTTP/9.9 200 OK\r\n\r\nok',
  'HTTP/1.2': 'HTTP/1.2 200 OK\r\n\r\nok',
  'no version': 'HTTP 200 OK\r\n\r\nok',
  'a status line without its end': 'HTTP/1.1 200',
  'a status of two digits': 'HTTP/1.1 20 OK\r\n\r\nok',
  'a status of four digits': 'HTTP/1.1 2000 OK\r\n\r\nok',
  'a status of zero': 'HTTP/1.1 000 OK\r\n\r\nok',
  'an informational answer only': head('HTTP/1.1 100 Continue'),
  'rubbish after 100 Continue': `${head('HTTP/1.1 100 Continue')}ok`,
  'a header of 110 KB': `${ok(`A: ${'a'.repeat(110 * 1024)}`)}ok`,
  'a header without a colon': `${ok('rubbish')}ok`,
  'a NUL in a header': `${ok('A: a\0b')}ok`,
  'a Content-Length that is no number': `${ok('Content-Length: two')}ok`,
  'a negative Content-Length': `${ok('Content-Length: -2')}ok`,
  'an empty Content-Length': `${ok('Content-Length:')}ok`,
  'less than Content-Length says': `${ok('Content-Length: 10')}ok`,
  'a coding that nobody knows': `${ok('Transfer-Encoding: xyz')}ok`,
  'a malformed chunk size': `${chunked}zz\r\nok\r\n0\r\n\r\n`,
  'a chunk size of twenty digits': `${chunked}${'0'.repeat(19)}2\r\nok\r\n0\r\n\r\n`,
  'a chunk that is longer than it says': `${chunked}1\r\nok\r\n0\r\n\r\n`,
  'a chunk that is cut': `${chunked}5\r\nok`,
  'chunks without a last one': `${chunked}2\r\nok\r\n`,
  '204, which has no body': `${head('HTTP/1.1 204 No Content')}ok`,
  'a redirect': `${head('HTTP/1.1 302 Found', 'Location: /ok', two)}ok`,
  'an error': `${head('HTTP/1.1 503 Service Unavailable', two)}ok`,
  'gzip that nobody asked for': Buffer.concat([
    Buffer.from(ok('Content-Encoding: gzip')),
    gzipSync('ok'),
  ]),
}

describe('as for curl, up with a body that ends with ok is', () => {
  test.for(Object.entries(UP))('%s', async ([, bytes]) => {
    const url = await answering(bytes)
    const [found, forCurl] = await Promise.all([
      look(url, { httpBodyMatch: 'ok$' }, 60_000),
      isUpForCurl(url),
    ])
    expect({ found, forCurl }).toEqual({ found: { up: true }, forCurl: true })
  })
})

describe('as for curl, not up is', () => {
  test.for(Object.entries(NOT_UP))('%s', async ([, bytes]) => {
    const url = await answering(bytes)
    const [{ up }, forCurl] = await Promise.all([
      look(url, { httpBodyMatch: 'ok$' }, 60_000),
      isUpForCurl(url),
    ])
    expect({ up, forCurl }).toEqual({ up: false, forCurl: false })
  })
})

describe('the reason names what is wrong:', () => {
  const DOWN: [bytes: string, reason: string][] = [
    ['', 'connection closed'],
    ['220 mail.test ESMTP\r\n', 'does not speak HTTP'],
    ['\x15\x03\x03\x00\x02\x02\x46', 'speaks TLS: write https://'],
    [`${ok(two)}no`, 'HTTP 200, but the body does not match /ok$/'],
  ]
  test.for(DOWN)('down: %j', async ([bytes, reason]) => {
    const found = await look(await answering(bytes), { httpBodyMatch: 'ok$' }, 60_000)
    expect(found).toEqual({ up: false, reason })
  })

  const UNKNOWN: [bytes: string, reason: string][] = [
    ['HTTP/1.1 200', 'connection closed within the answer'],
    ['HTTP/1.1 20 OK\r\n', 'the HTTP status line is malformed'],
    ['HTTP/3 200 OK\r\n', 'answers in an unknown version of HTTP'],
    [ok('Content-Length: two'), 'the Content-Length is not a number'],
    [ok('rubbish'), 'an HTTP header has no colon'],
    [ok('A: \0'), 'an HTTP header has a NUL in it'],
    [ok(`A: ${'a'.repeat(101 * 1024)}`), 'an HTTP header is longer than 100 KiB'],
    [`HTTP/1.1 200 OK\r\n${filler(320_000)}`, 'the HTTP headers are longer than 300 KiB'],
    ['HTTP/1.1 100 Continue\r\n\r\n'.repeat(20_000), 'the HTTP headers are longer than 300 KiB'],
    [`${chunked}zz\r\n`, 'the chunked body is malformed'],
    [`${ok('Content-Length: 9')}no`, 'connection closed within the answer'],
    [`${ok('Transfer-Encoding: xyz')}ok`, 'the body has an unsupported transfer coding'],
  ]
  test.for(UNKNOWN)('unknown: %.40j', async ([bytes, reason]) => {
    const found = await look(await answering(bytes), { httpBodyMatch: 'ok$' }, 60_000)
    expect(found).toEqual({ up: false, unknown: true, reason })
  })
})

describe('where no body is asked for, the head alone is enough:', () => {
  const bodies = {
    'that of a stream that never ends': chunked,
    'a body that is cut': `${ok('Content-Length: 10')}o`,
    'a malformed body': `${chunked}zz\r\n`,
  }
  test.for(Object.entries(bodies))('%s', async ([, bytes]) => {
    expect(await look(await answering(bytes), {}, 60_000)).toEqual({ up: true })
  })

  test('with a reset behind it', async () => {
    const url = await answering(ok('Content-Length: 0'), 'reset')
    expect(await look(url, {}, 60_000)).toEqual({ up: true })
  })

  test('when the other side ends within it, as for curl', async () => {
    const url = await answering('HTTP/1.1 200 OK\r\nContent-Ty')
    expect(await look(url, {}, 60_000)).toEqual({ up: true })
  })
})
