import { CoordinationError, describe, UnavailableError } from '../../base/errors.ts'
import { describeFailure, isTlsProblem, tlsHint } from '../../base/reason.ts'
import { tlsCodeOf } from './tls-text.ts'

/** gRPC's status codes (https://grpc.github.io/grpc/core/md_doc_statuscodes.html) that rdv distinguishes. */
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
 * The codes that etcd answers with before it does anything. Unavailable is not among them, because it also means "no
 * answer in time" and "the leader has changed". Nor is ResourceExhausted, because a full store may also answer with it
 * to a request that it has just applied.
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

/** The server does not offer its JSON gateway, and has done nothing. */
export class NoGatewayError extends Error {
  override readonly name = 'NoGatewayError'
}

export const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code

/** Whether the server has refused the request, and has done nothing. */
export const isRefusal = (error: unknown): boolean => REFUSALS.has(codeOf(error))

/** Whether the other servers of the cluster, and this one the next time, would also refuse the request. */
export const isFinal = (error: unknown): boolean =>
  isRefusal(error) && codeOf(error) !== Code.failedPrecondition

export const isExhausted = (error: unknown): boolean => codeOf(error) === Code.resourceExhausted

/** Converts a failure after which nothing was written to an error for users. */
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

/** The reason in words for users, without the number of gRPC's code and without gRPC's notes on its origin. */
export const reasonOf = (error: unknown): string => {
  const text = textOf(error)
  if (nodeCodeOf(error) !== undefined) return describeFailure(asNodeError(error))
  const connecting = connectingError(text)
  if (connecting !== undefined) return connecting
  return isOfLibrary(error, text) ? inWords(error, text) : text
}

/** Whether a certificate does not verify, or the server does not speak TLS. */
export const isTlsFailure = (error: unknown): boolean => isTlsProblem(asNodeError(error))

/** The error of Node behind a failed connection. */
const asNodeError = (error: unknown): Error =>
  Object.assign(new Error(textOf(error)), { code: nodeCodeOf(error) })

/** Node's code of a failed connection. Of the error of a system call, gRPC keeps only the text. */
const nodeCodeOf = (error: unknown): string | undefined => {
  const code = codeOf(error)
  if (typeof code === 'string') return code
  const text = textOf(error)
  const reason = connectingError(text) ?? text
  return /^(?:connect|read|write|getaddrinfo) (E[A-Z_]+)\b/.exec(reason)?.[1] ?? tlsCodeOf(reason)
}

const textOf = (error: unknown): string => {
  const details = (error as { details?: string } | null)?.details
  return (details || describe(error)).replace(/( \([-\d:.TZ]+\))?\. Resolution note: ?$/, '')
}

const connectingError = (text: string): string | undefined =>
  /^No connection established\. Last error: (?:Error: )?(.*)$/s.exec(text)?.[1]

/** gRPC's status codes with which its client library also reports failures of the connection, and their meaning. */
const OF_CONNECTION: ReadonlyMap<unknown, string> = new Map([
  [Code.cancelled, 'the connection was closed'],
  [Code.unknown, 'the connection was lost'],
  [Code.deadlineExceeded, 'no answer in time'],
  [Code.internal, 'the connection was lost'],
  [Code.unavailable, 'the connection was lost'],
])

/** etcd's own messages begin with its name. */
const isOfLibrary = (error: unknown, text: string): boolean =>
  OF_CONNECTION.has(codeOf(error)) && !text.startsWith('etcdserver: ')

/** If a proxy has answered, gRPC's text contains its HTTP status. */
const inWords = (error: unknown, text: string): string => {
  const status = /\bHTTP status code (\d{3})\b/.exec(text)?.[1]
  return status === undefined ? (OF_CONNECTION.get(codeOf(error)) ?? text) : foreignResponse(status)
}

/** The reason to report for an answer that does not come from etcd. */
export const foreignResponse = (status: string | number): string =>
  `the server is not etcd, it answers with status ${status}`
