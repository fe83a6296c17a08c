import type { Limits } from '../core/deadline.ts'
import type { Progress } from '../wait/tally.ts'

export interface BarrierOptions extends Limits {
  /** Milliseconds within which a party that dies while it waits does not count any more. Default 15 000. */
  readonly ttl?: number | undefined
  /** Told of who is awaited, for showing progress. */
  readonly progress?: ((state: Progress) => void) | undefined
  /** Told where it was cancelled, and could not withdraw. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}
