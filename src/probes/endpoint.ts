import { domainToASCII } from 'node:url'
import { lacksHost } from '../base/authority.ts'
import { UsageError } from '../base/errors.ts'
import { printable, redactMalformed } from '../base/redact.ts'
import { expectBlocking } from './threads.ts'

/** The parts that the URLs of a scheme may have besides the host. */
export interface Shape {
  /** The form to write instead of a malformed URL: `tcp://HOST:PORT`. */
  readonly form: string
  readonly port: 'required' | 'none' | { readonly default: number }
  /** Parts that have a meaning in this scheme. All other parts are refused. */
  readonly allows?: readonly ('credentials' | 'path' | 'query')[]
}

/** A checked URL. */
export interface Endpoint {
  readonly url: URL
  /** A name in its ASCII form, or an address without brackets. */
  readonly host: string
  readonly port: number
}

/** Makes the error for a malformed URL. Its message is one sentence and never contains a password. */
export const malformed = (text: string, problem: string, form: string): UsageError =>
  new UsageError(`${printable(redactMalformed(text))} ${problem}: write ${form}`)

/**
 * Returns the host of a URL without brackets and in IDNA encoding, which the URL class applies only to http. Returns an
 * empty text if the host is not usable.
 */
const hostOf = (url: URL): string =>
  url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : domainToASCII(url.hostname)

/** Returns the text without percent-encoding, or `undefined` if the encoding is malformed. */
export const decoded = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** @throws UsageError if the text is not a URL of this shape. */
export const parseEndpoint = (text: string, shape: Shape): Endpoint => {
  const url = /[\s\p{Cc}]/u.test(text) ? null : URL.parse(text)
  if (url === null) throw malformed(text, 'is malformed', shape.form)
  const host = hostOf(url)
  const problem =
    !isUsable(host) || (/^https?:$/.test(url.protocol) && lacksHost(text))
      ? 'has no usable host'
      : (portProblem(url, shape) ?? stray(url, shape))
  if (problem !== undefined) throw malformed(text, problem, shape.form)
  expectBlocking(host)
  const standard = typeof shape.port === 'object' ? shape.port.default : 0
  return { url, host, port: Number(url.port) || standard }
}

/**
 * A host that begins with a slash is the path of a Unix socket. A name with an empty part, such as `.example.com`,
 * results from an empty variable.
 */
const isUsable = (host: string): boolean =>
  host.startsWith('/') || (host !== '' && !/^\.|\.\./.test(host))

const portProblem = (url: URL, { port }: Shape): string | undefined => {
  if (url.port === '0') return 'has the port 0'
  if (url.port === '' && port === 'required') return 'has no port'
  if (url.port !== '' && port === 'none') return 'has a port'
  return undefined
}

const stray = (url: URL, { allows = [] }: Shape): string | undefined => {
  const credentials = url.username + url.password
  if (credentials !== '' && !allows.includes('credentials')) return 'has a user or a password'
  if (decoded(credentials) === undefined) return 'has a stray % in its user or password'
  if (url.pathname.length > 1 && !allows.includes('path')) return 'has a path'
  if (url.search !== '' && !allows.includes('query')) return 'has a query'
  return url.hash === '' ? undefined : 'has a fragment'
}
