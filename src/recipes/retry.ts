import type { CallOptions } from '../backends/backend.ts'
import { backoff } from '../backoff.ts'
import { SilentStoreError, TimeoutError, UnavailableError } from '../errors.ts'

/**
 * Does a call again while the store is out of reach, until the signal aborts; then rejects with what kept it from
 * succeeding, or with the signal's reason where that was an interrupt. For calls that write nothing when they fail.
 */
export const whenAvailable = async <T>(
  options: CallOptions,
  call: () => Promise<T>,
): Promise<T> => {
  let last: UnavailableError | undefined
  for (const pause of backoff()) {
    try {
      return await call()
    } catch (error) {
      const { signal } = options
      if (signal?.aborted && error === signal.reason) throw atDeadline(error, last)
      if (!(error instanceof UnavailableError && error.retryable)) throw error
      last = error
    }
    const { signal } = options
    await pause(signal)
    if (signal?.aborted) throw atDeadline(signal.reason, last)
  }
  throw new Error('a backoff never ends')
}

/** How long (milliseconds) a failed call may take to undo what it did: its deadline may be over already. */
const UNDOING = 500

/** Bounds the undoing of what a failed call did; the TTL does it otherwise. */
export const undoing = (): AbortSignal => AbortSignal.timeout(UNDOING)

/** A call that the deadline cut off had no answer: its store was out of reach. */
export const atDeadline = (reason: unknown, last?: UnavailableError): unknown =>
  reason instanceof TimeoutError ? (last ?? new SilentStoreError({ cause: reason })) : reason
