/**
 * The stable name of a failure. It selects the exit code of the command and is the `error` field of `--json`
 * and of the server's protocol.
 */
export type ErrorKind =
  | 'no'
  | 'usage'
  | 'unavailable'
  | 'lost'
  | 'indeterminate'
  | 'conflict'
  | 'timeout'
  | 'internal'

/** A failure that a user may act upon. The message is one sentence that says what to do, without secrets. */
export abstract class CoordinationError extends Error {
  abstract readonly kind: ErrorKind

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** A definite negative result of a check: another process is the holder, a key is not signalled, or a target failed. */
export class NoError extends CoordinationError {
  override readonly kind = 'no'
}

/** The request itself is wrong. Nothing was done. */
export class UsageError extends CoordinationError {
  override readonly kind = 'usage'
}

/** An environment variable is wrong. The message names the variable. */
export class VariableError extends UsageError {}

/** The store is unreachable or refused the request. Nothing was written. */
export class UnavailableError extends CoordinationError {
  override readonly kind = 'unavailable'
  /** Whether the same call may succeed later: true for a store that is not up yet, false for a wrong password. */
  readonly retryable: boolean

  /** Additional fields of the `--json` output. */
  readonly facts: object

  constructor(message: string, options?: ErrorOptions & { retryable?: boolean; facts?: object }) {
    super(message, options)
    this.retryable = options?.retryable ?? true
    this.facts = options?.facts ?? {}
  }
}

/** The time was up before the store answered. The message does not name the store. */
export class SilentStoreError extends UnavailableError {
  constructor(options?: ErrorOptions) {
    super('the store did not answer before the timeout', options)
  }
}

/** The lease does not exist: it expired, it was revoked, or its store was recreated. Nothing was written. */
export class LeaseGoneError extends CoordinationError {
  override readonly kind = 'lost'
  readonly lease: string

  constructor(lease: string, options?: ErrorOptions) {
    super(`session ${lease} does not exist: it expired or was revoked`, options)
    this.lease = lease
  }
}

/** A session, key or lock that was held, or messages, were lost. */
export class LostError extends CoordinationError {
  override readonly kind = 'lost'
}

/** A write was sent and not answered: it may or may not have been applied. */
export class IndeterminateError extends CoordinationError {
  override readonly kind = 'indeterminate'
}

/** The parameters differ from those of the holders, or the key has data of another kind. */
export class ConflictError extends CoordinationError {
  override readonly kind = 'conflict'
}

/** A target that was still awaited when the deadline passed. */
export interface Pending {
  readonly target: string
  readonly reason: string
}

/** The deadline passed. */
export class TimeoutError extends CoordinationError {
  override readonly kind = 'timeout'
  readonly pending: readonly Pending[]

  constructor(message: string, options?: ErrorOptions & { pending?: readonly Pending[] }) {
    super(message, options)
    this.pending = options?.pending ?? []
  }
}

/** The text of any thrown value, for use in a message. */
export const describe = (error: unknown): string =>
  error instanceof Error ? error.message || error.name : String(error)
