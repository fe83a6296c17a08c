import type { Limits } from '../core/deadline.ts'
import type { Progress } from '../wait/tally.ts'

export interface BarrierOptions extends Limits {
  /**
   * Milliseconds after which a party that died while it waited no longer counts. Default: the backend's default TTL,
   * 15 000 or 45 000.
   */
  readonly ttl?: number | undefined
  /** Called with the number of parties that have arrived, to show progress. */
  readonly progress?: ((state: Progress) => void) | undefined
  /** Called if the party was cancelled and could not withdraw. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}
