import { untilAborted } from '../../base/abort.ts'
import { SilentStoreError, TimeoutError, UnavailableError } from '../../base/errors.ts'
import { timeLeftAfter, withDeadline } from './deadline.ts'
import type { Namespace } from './namespace.ts'

/** Milliseconds that a store may take to answer the last check after the deadline. */
const LAST_CHECK_LIMIT = 800

/**
 * Asks the store once more after a deadline. This distinguishes a store that answers no from one that does not answer.
 * @throws UnavailableError the store is out of reach, or does not answer.
 */
export const lastCheck = async <T>(
  reason: TimeoutError,
  check: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  try {
    return await withDeadline({ timeout: timeLeftAfter(reason, LAST_CHECK_LIMIT) }, (signal) =>
      untilAborted(signal, check(signal)),
    )
  } catch (error) {
    throw error instanceof TimeoutError ? new SilentStoreError({ cause: error }) : error
  }
}

/** The error of a wait that reached its deadline: `reason`, or the reason why the store does not answer. */
export const timeoutOrUnavailable = async (
  { backend, name }: Namespace,
  reason: TimeoutError,
): Promise<TimeoutError | UnavailableError> => {
  try {
    await lastCheck(reason, (signal) => backend.get(`${name}/signal/_`, { signal }))
  } catch (error) {
    if (error instanceof UnavailableError && error.retryable) return error
  }
  return reason
}
