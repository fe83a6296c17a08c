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
    return await body((state) => progress.update(state))
  } catch (error) {
    // What is told of it stands where the progress was.
    progress[Symbol.dispose]()
    if (error instanceof TimeoutError) await tellReach(error, open)
    throw error
  } finally {
    progress[Symbol.dispose]()
  }
}
