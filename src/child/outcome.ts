import type { Loss } from './loss.ts'

/** How COMMAND ended. */
export interface Outcome {
  /** Its exit code, or 128+n. */
  readonly code: number
  /** The signal that ended it, or that came before it was started. */
  readonly signal?: NodeJS.Signals
  /** Set when COMMAND was stopped, or not even started, because of a loss, however it then ended. */
  readonly stoppedBy?: Loss
}
