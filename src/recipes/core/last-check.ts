import { untilAborted } from '../../base/abort.ts'
import { SilentStoreError, TimeoutError, UnavailableError } from '../../base/errors.ts'
import { timeLeftAfter, withDeadline } from './deadline.ts'
import type { Namespace } from './namespace.ts'

/** How long (milliseconds) a store may take to answer the last question, after the deadline. */
const LAST_CHECK_LIMIT = 800

/**
 * Asks the store once more after a deadline, which tells a store that says no from one that says nothing.
 * @throws UnavailableError it is out of reach, or does not answer.
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

/** What a wait that ran into its deadline comes to: that, or what keeps the store from answering. */
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
