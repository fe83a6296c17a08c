import type { WireError } from '../../backends/http/protocol.ts'
import { errorToWire } from '../../backends/http/wire-error.ts'
import {
  CoordinationError,
  type ErrorKind,
  UnavailableError,
  UsageError,
} from '../../base/errors.ts'

export const OK = { ok: true } as const

/** HTTP status of each kind of failure. What may have been applied is no 502 to 504: proxies send those again. */
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

/** What is not allowed, however it is written. */
export class ForbiddenError extends UsageError {
  readonly statusCode = 403
}

/** One client wants too much at once. */
export class TooManyError extends UnavailableError {
  readonly statusCode = 429
}

/** What a request is answered that ended with this error. */
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

/** web-rendezvous' answer to who has waited in vain, with what it was short of. */
export const timedOut = (hint: string | undefined) => ({
  status: 404,
  body: { ok: false, error: 'Timeout', hint },
})

/** Fastify's own refusals of a request (too large, not JSON, not of the schema) carry their status, and some of ours. */
const refusedStatus = (error: unknown): number | undefined => {
  const status = (error as { statusCode?: unknown }).statusCode
  return typeof status === 'number' && status >= 400 && status < 500 ? status : undefined
}
