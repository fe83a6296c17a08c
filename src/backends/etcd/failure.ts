import { CoordinationError, describe, UnavailableError } from '../../base/errors.ts'
import { describeFailure, tlsHint } from '../../base/reason.ts'
import { tlsCodeOf } from './tls-text.ts'

/** gRPC's status codes (https://grpc.github.io/grpc/core/md_doc_statuscodes.html) that we tell apart. */
export const Code = {
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

/**
 * What etcd answers before it does anything. Not among them: Unavailable, which is also "no answer in time" and "the
 * leader has changed", and ResourceExhausted, which a full store may also answer to what it has just applied.
 */
const REFUSALS: ReadonlySet<unknown> = new Set([
  Code.invalidArgument,
  Code.notFound,
  Code.permissionDenied,
  Code.failedPrecondition,
  Code.outOfRange,
  Code.unimplemented,
  Code.unauthenticated,
])

/** The server cannot be talked to over its JSON gateway, and has done nothing. */
export class NoGatewayError extends Error {
  override readonly name = 'NoGatewayError'
}

export const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code

/** Whether the server has said no, and has done nothing. */
export const isRefusal = (error: unknown): boolean => REFUSALS.has(codeOf(error))

/** Whether another server of the cluster would say no as well, and this one the next time. */
export const isFinal = (error: unknown): boolean =>
  isRefusal(error) && codeOf(error) !== Code.failedPrecondition

export const isExhausted = (error: unknown): boolean => codeOf(error) === Code.resourceExhausted

/** Every failure after which nothing was written, for people. */
export const translate = (
  error: unknown,
  address: string,
  retryable = !isFinal(error),
): CoordinationError => {
  if (error instanceof CoordinationError) return error
  const refused = isRefusal(error) || isExhausted(error)
  const what = refused ? 'refuses the request' : 'is unreachable'
  const hint = tlsHint(address, error)
  return new UnavailableError(`${address} ${what}: ${reasonOf(error)}${hint}`, {
    cause: error,
    retryable,
  })
}

/** What a person wants to read of it: not the number of gRPC's code, nor how gRPC came to know. */
export const reasonOf = (error: unknown): string => {
  // one of Node's, which has more than a number
  if (typeof codeOf(error) === 'string') return describeFailure(error)
  const details = (error as { details?: string } | null)?.details
  const text = (details || describe(error)).replace(/( \([-\d:.TZ]+\))?\. Resolution note: ?$/, '')
  const connecting = /^No connection established\. Last error: (?:Error: )?(.*)$/s.exec(text)?.[1]
  // gRPC keeps of a system call's error only the text.
  const code = /^(?:connect|read|write|getaddrinfo) (E[A-Z_]+)\b/.exec(connecting ?? text)?.[1]
  const known = code ?? tlsCodeOf(connecting ?? text)
  if (known !== undefined) return describeFailure(Object.assign(new Error(text), { code: known }))
  if (connecting !== undefined) return connecting
  return isOfLibrary(error, text) ? inWords(error, text) : text
}

/** gRPC's statuses by which its client library, too, tells of failures of the connection, and what they come to. */
const OF_CONNECTION: ReadonlyMap<unknown, string> = new Map([
  [Code.cancelled, 'the connection was closed'],
  [Code.unknown, 'the connection was lost'],
  [Code.deadlineExceeded, 'no answer in time'],
  [Code.internal, 'the connection was lost'],
  [Code.unavailable, 'the connection was lost'],
])

/** etcd begins its own sentences with its name. */
const isOfLibrary = (error: unknown, text: string): boolean =>
  OF_CONNECTION.has(codeOf(error)) && !text.startsWith('etcdserver: ')

/** A proxy in between answers with HTTP's statuses. */
const inWords = (error: unknown, text: string): string => {
  const status = /\bHTTP status code (\d{3})\b/.exec(text)?.[1]
  return status === undefined ? (OF_CONNECTION.get(codeOf(error)) ?? text) : foreignResponse(status)
}

/** What is told of an answer that is not etcd's. */
export const foreignResponse = (status: string | number): string =>
  `the server is not etcd, it answers with status ${status}`
