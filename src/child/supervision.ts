import type { LossSignals } from './loss.ts'
import type { Preparation } from './preparation.ts'
import type { CaughtSignals } from './signals.ts'
import type { Watchdog } from './watchdog.ts'

/** How COMMAND is run, and what ends it. */
export interface Supervision extends LossSignals {
  /** Variables that are added to the environment. */
  readonly env?: Readonly<Record<string, string>>
  /** The signals that were caught since the program began. Default: signals are caught from the call on. */
  readonly signals?: CaughtSignals
  /** The parts that were prepared for this start. Default: they are created by the call. */
  readonly preparation?: Preparation
  /**
   * Called when COMMAND is about to start. `watchdog` has the mark of COMMAND's processes, and the id of the process
   * that kills them when this process dies. If it is already known, `target` is COMMAND's process id, or (negative) the
   * id of its process group.
   */
  readonly onReady?: (watchdog: Pick<Watchdog, 'pid' | 'mark'>, target?: number) => void
  /** Called when COMMAND runs. `target` is its process id, or (negative) the id of its process group. */
  readonly onStart?: (target: number) => void
  /** Called when a signal could not be forwarded, because COMMAND belongs to another user. */
  readonly onRefused?: (signal: NodeJS.Signals, target: number) => void
  /** Called when COMMAND has ended by itself: it does not need its ownership any more. Called before any cleanup. */
  readonly onEnd?: () => void
}
