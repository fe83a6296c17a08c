import type { Loss } from './loss.ts'

/** How COMMAND ended. */
export interface Outcome {
  /** The exit code of COMMAND, or 128+n if signal n ended it. */
  readonly code: number
  /** The signal that ended COMMAND, or that arrived before its start. */
  readonly signal?: NodeJS.Signals
  /** Set if COMMAND was stopped or not started because of a loss. It does not say how COMMAND then ended. */
  readonly stoppedBy?: Loss
}
