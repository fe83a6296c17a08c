import type { LossSignals } from './loss.ts'
import type { Preparation } from './preparation.ts'
import type { CaughtSignals } from './signals.ts'
import type { Watchdog } from './watchdog.ts'

/** How COMMAND is run, and what ends it. */
export interface Supervision extends LossSignals {
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** What was caught since the program began; without it, signals are caught from the call on. */
  readonly signals?: CaughtSignals
  /** What was got ready for this start. */
  readonly preparation?: Preparation
  /**
   * COMMAND is about to start: by what its processes are known, who ends them when we vanish, and if that is known already
   * its process id, or (negative) the id of its process group.
   */
  readonly onReady?: (watchdog: Pick<Watchdog, 'pid' | 'mark'>, target?: number) => void
  /** COMMAND runs: its id. */
  readonly onStart?: (target: number) => void
  /** A signal could not be handed on, since COMMAND belongs to another user. */
  readonly onRefused?: (signal: NodeJS.Signals, target: number) => void
  /** COMMAND has ended by itself: what it ran under is needed no more. Called before anything is cleared up. */
  readonly onEnd?: () => void
}
