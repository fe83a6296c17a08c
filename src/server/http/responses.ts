import type { WireError } from '../../backends/http/protocol.ts'
import { errorToWire } from '../../backends/http/wire-error.ts'
import {
  CoordinationError,
  type ErrorKind,
  UnavailableError,
  UsageError,
} from '../../base/errors.ts'

export const OK = { ok: true } as const

/**
 * The HTTP status of each kind of failure. A commit that may have been applied does not get 502 to 504, because proxies
 * repeat such a request.
 */
const STATUS: Readonly<Record<ErrorKind, number>> = {
  no: 409,
  usage: 400,
  unavailable: 503,
  lost: 410,
  indeterminate: 500,
  conflict: 409,
  timeout: 404,
  internal: 500,
}

export interface Failure {
  readonly status: number
  readonly body: WireError
}

/** The request is forbidden, in whatever form it is written. */
export class ForbiddenError extends UsageError {
  readonly statusCode = 403
}

/** One client uses too much at once. */
export class TooManyError extends UnavailableError {
  readonly statusCode = 429
}

/** Returns the response to a request that ended with this error. */
export const failureOf = (error: unknown): Failure => {
  const status = refusedStatus(error)
  const isForeign = !(error instanceof CoordinationError)
  if (status !== undefined && isForeign) return refused(status, (error as Error).message)
  const body = errorToWire(error)
  return { status: status ?? STATUS[body.kind], body }
}

export const refused = (status: number, error: string): Failure => ({
  status,
  body: { ok: false, error, kind: 'usage' },
})

/** web-rendezvous' response to a wait that timed out, with a hint that says what was missing. */
export const timedOut = (hint: string | undefined) => ({
  status: 404,
  body: { ok: false, error: 'Timeout', hint },
})

/**
 * Fastify's own refusals of a request (too large, not JSON, not of the schema) have a status, and so do some errors of
 * rdv.
 */
const refusedStatus = (error: unknown): number | undefined => {
  const status = (error as { statusCode?: unknown }).statusCode
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}
