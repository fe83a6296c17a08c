import { untilAborted } from '../aborted.ts'
import { SilentStoreError, TimeoutError, UnavailableError } from '../errors.ts'
import { leftAfter, withDeadline } from './deadline.ts'
import type { Space } from './space.ts'

/** How long (milliseconds) a store may take to answer the last question, after the deadline. */
const LAST_LOOK = 800

/**
 * Asks the store once more after a deadline, which tells a store that says no from one that says nothing.
 * @throws UnavailableError it is out of reach, or does not answer.
 */
export const lastLook = async <T>(
  reason: TimeoutError,
  look: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  try {
    return await withDeadline({ timeout: leftAfter(reason, LAST_LOOK) }, (signal) =>
      untilAborted(signal, look(signal)),
    )
  } catch (error) {
    throw error instanceof TimeoutError ? new SilentStoreError({ cause: error }) : error
  }
}

/** What a wait that ran into its deadline comes to: that, or what keeps the store from answering. */
export const unlessAway = async (
  { backend, namespace }: Space,
  reason: TimeoutError,
): Promise<TimeoutError | UnavailableError> => {
  try {
    await lastLook(reason, (signal) => backend.get(`${namespace}/signal/_`, { signal }))
  } catch (error) {
    if (error instanceof UnavailableError && error.retryable) return error
  }
  return reason
}
