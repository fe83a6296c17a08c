import { TimeoutError } from '../base/errors.ts'
import type { Namespace } from '../recipes/core/namespace.ts'
import type { Progress } from '../recipes/wait/tally.ts'
import { reportReach } from './failure/timeout-hints.ts'
import { WaitProgress } from './output/progress.ts'

/** Shows the progress of a wait on stderr and, if it times out, which processes cannot see its store. */
export const waiting = async <T>(
  open: (signal: AbortSignal) => Promise<Namespace>,
  body: (progress: (state: Progress) => void) => Promise<T>,
): Promise<T> => {
  const progress = new WaitProgress()
  try {
    // The message about a failure takes the place of the progress.
    return await body((state) => progress.update(state)).finally(() => progress[Symbol.dispose]())
  } catch (error) {
    if (error instanceof TimeoutError) await reportReach(error, open)
    throw error
  }
}
