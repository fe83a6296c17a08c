import {
  ConflictError,
  CoordinationError,
  IndeterminateError,
  LeaseGoneError,
  LostError,
  NoError,
  TimeoutError,
  UnavailableError,
  UsageError,
} from '../../base/errors.ts'
import type { WireError } from './protocol.ts'

/**
 * Converts a failure to its form on the wire. An error that is not a CoordinationError is a bug of the server. Only the
 * server's log has its details.
 */
export const errorToWire = (error: unknown): WireError => {
  if (!(error instanceof CoordinationError)) {
    return { ok: false, error: 'internal error of the server', kind: 'internal' }
  }
  return {
    ok: false,
    error: error.message,
    kind: error.kind,
    ...(error instanceof UnavailableError && { retryable: error.retryable }),
    ...(error instanceof LeaseGoneError && { lease: error.lease }),
  }
}

/** Converts a failure from the wire to the same error at the client. */
export const errorFromWire = (wire: WireError, address: string): CoordinationError => {
  const { error: message, kind, lease, retryable } = wire
  switch (kind) {
    case 'lost':
      return lease === undefined ? new LostError(message) : new LeaseGoneError(lease)
    case 'no':
      return new NoError(message)
    case 'usage':
      return new UsageError(message)
    case 'conflict':
      return new ConflictError(message)
    case 'timeout':
      return new TimeoutError(message)
    case 'indeterminate':
      return new IndeterminateError(message)
    case 'unavailable':
      return new UnavailableError(message, { retryable })
    default:
      return new UnavailableError(`${address} failed: ${message}`)
  }
}
