import type { Socket } from 'node:net'
import { UsageError } from '../base/errors.ts'
import { printable, redact } from '../base/redact.ts'
import { attempt } from './attempt.ts'
import { dial, type Peer } from './dial.ts'
import { checkEachAddress } from './each-address.ts'
import { decoded, type Endpoint, parseEndpoint, type Shape } from './endpoint.ts'
import { parseExpression } from './expression.ts'
import { type Expected, HttpResponseCheck } from './http/response-check.ts'
import type { Probe, ProbeFactory, ProbeOptions, ProbeResult } from './probe.ts'

const shape: Shape = {
  form: 'http://HOST:PORT/PATH or https://HOST:PORT/PATH',
  port: { default: 80 },
  allows: ['credentials', 'path', 'query'],
}

type Headers = Readonly<Record<string, string>>

/**
 * `http(s)://…`: up if the response to one GET has an accepted status and, if `httpBodyMatch` is given, a matching
 * body. A redirect is not followed: its status counts. The connection is closed when the check ends.
 */
const http: ProbeFactory = (text, options) => {
  const endpoint = parseEndpoint(text, shape)
  const headers = headersOf(endpoint, options)
  const request = requestText(endpoint, headers)
  let wanted: Promise<Expected> | undefined
  const check: Probe['check'] = (signal, soFar) =>
    checkEachAddress(
      endpoint.host,
      signal,
      (address, either) =>
        attempt(either, async () => {
          wanted ??= wantedOf(options)
          const answer = new HttpResponseCheck(await wanted, soFar)
          const peer = peerOf(endpoint, address, headers)
          return dial(peer, either, (socket) => converse(socket, request, answer))
        }),
      options.resolve,
    )
  return {
    name: redact(text),
    check: (signal, soFar) => attempt(signal, () => check(signal, soFar)),
  }
}

export default http

const wantedOf = async ({
  httpStatus = [[200, 299]],
  httpBodyMatch,
}: ProbeOptions): Promise<Expected> => ({
  status: httpStatus,
  body: httpBodyMatch === undefined ? undefined : await parseExpression(httpBodyMatch),
})

/** For https, the certificate must be valid for the name in the Host header. */
const peerOf = ({ url, port }: Endpoint, host: string, headers: Headers): Peer => {
  if (url.protocol === 'http:') return { host, port }
  const servername = nameIn(headers.host ?? '')
  return { host, port: Number(url.port) || 443, servername, ALPNProtocols: ['http/1.1'] }
}

/** Returns the host of a Host header, without its port and without the brackets of an address. */
const nameIn = (header: string): string => header.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1')

const headersOf = ({ url }: Endpoint, { httpHeaders = {} }: ProbeOptions): Headers => {
  const headers: Record<string, string> = { host: url.host, accept: '*/*', 'user-agent': 'rdv' }
  if (url.username + url.password !== '') headers.authorization = credentials(url)
  headers.connection = 'close'
  for (const [name, value] of Object.entries(httpHeaders)) {
    checkHeader(name, value)
    headers[name.toLowerCase()] = value
  }
  return headers
}

const requestText = ({ url }: Endpoint, headers: Headers): string => {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `GET ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`
}

const credentials = ({ username, password }: URL): string =>
  `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`

const checkHeader = (name: string, value: string): void => {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    throw new UsageError(
      `"${printable(name)}" is not an HTTP header name: write it as in Accept: text/plain`,
    )
  }
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new UsageError(
      `the value of the HTTP header ${name} has a character that is not allowed in a header`,
    )
  }
}

/**
 * The body is searched while it arrives, because a stream may never end. The searches take at most a fifth of the time.
 */
const converse = (
  socket: Socket,
  request: string,
  answer: HttpResponseCheck,
): Promise<ProbeResult> => {
  const { promise, resolve, reject } = Promise.withResolvers<ProbeResult>()
  let search: NodeJS.Timeout | undefined
  let pause = 0
  const settle = (find: () => ProbeResult | undefined) => {
    try {
      const found = find()
      if (found) resolve(found)
    } catch (error) {
      reject(error)
    }
  }
  const searchNow = () => {
    search = undefined
    const begin = performance.now()
    settle(() => answer.search())
    pause = 4 * (performance.now() - begin)
  }
  socket.on('data', (chunk: Buffer) => {
    settle(() => answer.push(chunk))
    search ??= setTimeout(searchNow, pause)
  })
  socket.once('end', () => settle(() => answer.end(false)))
  socket.once('error', () => settle(() => answer.end(true)))
  socket.once('close', () => settle(() => answer.end(true)))
  socket.write(request, 'latin1')
  return promise.finally(() => clearTimeout(search))
}
