import type { IncomingMessage, RequestOptions } from 'node:http'
import { UsageError } from '../errors.ts'
import { printable, redact } from '../redact.ts'
import { attempt, down, up } from './attempt.ts'
import { lookAtEach } from './each-address.ts'
import { decoded, type Endpoint, parseEndpoint, type Shape } from './endpoint.ts'
import type { Finding, ProbeFactory, ProbeOptions } from './probe.ts'

/** How much of a body is read, in bytes: what is to match must stand within it. */
const bodyLimit = 1024 * 1024

const shape: Shape = {
  form: 'http://HOST:PORT/PATH or https://HOST:PORT/PATH',
  port: { default: 80 },
  allows: ['credentials', 'path', 'query'],
}

/**
 * `http(s)://…`: up when one GET is answered with an accepted status and, where asked for, a matching body. A redirect
 * is not followed: its status is the answer. No connection outlives the look.
 */
const http: ProbeFactory = (text, options) => {
  const endpoint = parseEndpoint(text, shape)
  const request = requestOptions(endpoint, options)
  const get = (address: string, signal: AbortSignal) =>
    attempt(signal, async () => {
      const response = await respond({ ...request, host: address, signal })
      try {
        return await judge(response, options)
      } finally {
        response.destroy()
      }
    })
  return {
    name: redact(text),
    look: (signal) =>
      attempt(signal, () => lookAtEach(endpoint.host, signal, get, options.resolve)),
  }
}

export default http

const requestOptions = ({ url }: Endpoint, { httpHeaders = {} }: ProbeOptions): RequestOptions => {
  const headers: Record<string, string> = { host: url.host, accept: '*/*', 'user-agent': 'rdv' }
  for (const [name, value] of Object.entries(httpHeaders)) {
    checkHeader(name, value)
    headers[name.toLowerCase()] = value
  }
  return {
    protocol: url.protocol,
    port: url.port || undefined,
    path: url.pathname + url.search,
    auth: url.username + url.password === '' ? undefined : credentials(url),
    headers,
    agent: false,
  }
}

const credentials = ({ username, password }: URL): string =>
  `${decoded(username)}:${decoded(password)}`

const checkHeader = (name: string, value: string): void => {
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
    throw new UsageError(
      `"${printable(name)}" is no HTTP header name: write it as in Accept: text/plain`,
    )
  }
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
    throw new UsageError(
      `the value of the HTTP header ${name} has a character that no header can carry`,
    )
  }
}

const respond = async (options: RequestOptions): Promise<IncomingMessage> => {
  const { request } = await (options.protocol === 'https:'
    ? import('node:https')
    : import('node:http'))
  return new Promise((resolve, reject) => {
    // Stays for good: an error that comes after the answer must not become an uncaught exception.
    request(options, resolve).on('error', reject).end()
  })
}

const judge = async (response: IncomingMessage, options: ProbeOptions): Promise<Finding> => {
  const { httpStatus = [[200, 299]], httpBodyMatch } = options
  response.on('error', () => {})
  const status = response.statusCode ?? 0
  if (!httpStatus.some(([from, to]) => from <= status && status <= to))
    return down(`HTTP ${status}`)
  if (httpBodyMatch === undefined) return up
  const matches = (await body(response)).search(httpBodyMatch) !== -1
  return matches ? up : down(`HTTP ${status}, but the body does not match ${httpBodyMatch}`)
}

const body = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length >= bodyLimit) break
  }
  return Buffer.concat(chunks).subarray(0, bodyLimit).toString()
}
