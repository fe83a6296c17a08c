import { TimeoutError } from '../errors.ts'
import type { Space } from '../recipes/space.ts'
import type { Progress } from '../recipes/wait/tally.ts'
import { WaitProgress } from './progress.ts'
import { tellReach } from './timeout-hints.ts'

/** Shows on stderr what is waited for, and if that times out who does not see its store. */
export const waiting = async <T>(
  open: (signal: AbortSignal) => Promise<Space>,
  body: (progress: (state: Progress) => void) => Promise<T>,
): Promise<T> => {
  const progress = new WaitProgress()
  try {
    // What is told of a failure stands where the progress was.
    return await body((state) => progress.update(state)).finally(() => progress[Symbol.dispose]())
  } catch (error) {
    if (error instanceof TimeoutError) await tellReach(error, open)
    throw error
  }
}
