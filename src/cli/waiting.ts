import { TimeoutError } from '../base/errors.ts'
import type { Namespace } from '../recipes/core/namespace.ts'
import type { Progress } from '../recipes/wait/tally.ts'
import { reportReach } from './failure/timeout-hints.ts'
import { WaitProgress } from './output/progress.ts'

/** Shows on stderr what is waited for, and if that times out who does not see its store. */
export const waiting = async <T>(
  open: (signal: AbortSignal) => Promise<Namespace>,
  body: (progress: (state: Progress) => void) => Promise<T>,
): Promise<T> => {
  const progress = new WaitProgress()
  try {
    // What is told of a failure stands where the progress was.
    return await body((state) => progress.update(state)).finally(() => progress[Symbol.dispose]())
  } catch (error) {
    if (error instanceof TimeoutError) await reportReach(error, open)
    throw error
  }
}
