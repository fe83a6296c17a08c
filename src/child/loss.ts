import { setTimeout as delay } from 'node:timers/promises'
import type { Process } from '../base/processes.ts'
import { type CommandTree, isForeign } from './command-tree.ts'

/** Why COMMAND was stopped or not started: its ownership was about to be lost (`expiring`), or was lost (`lost`). */
export type Loss = 'expiring' | 'lost'

/** The two stages in which an ownership is lost. */
export interface LossSignals {
  /** Aborts when the ownership is about to be lost. Every process of COMMAND then gets TERM. */
  readonly expiring?: AbortSignal
  /** Aborts when the ownership is lost. Every process of COMMAND then gets KILL at once. */
  readonly lost?: AbortSignal
  /** Called with processes that survive KILL, each once: they belong to another user, or are stuck in the kernel. */
  readonly onLeft?: (processes: readonly Process[]) => void
}

/** Ends COMMAND when its ownership is lost. */
export interface LossWatch extends Disposable {
  /** The stage of the loss that has stopped COMMAND so far. */
  readonly stoppedBy: Loss | undefined
  /** Waits until the processes that COMMAND left behind have ended. Call it after COMMAND's end. */
  settled(): Promise<void>
}

const POLL = 20
/** Milliseconds between polls once every process that can be killed should have ended. */
const SLOW_POLL = 200
/** Milliseconds in which a killed process ends, unless the kernel keeps it. */
const DYING = 1_000

/** Begins to watch. Neither signal may have aborted yet. */
export function watchLoss(target: CommandTree, { expiring, lost, onLeft }: LossSignals): LossWatch {
  let stoppedBy: Loss | undefined
  let ending: Promise<void> | undefined
  const terminate = (): void => {
    stoppedBy ??= 'expiring'
    target.terminate()
  }
  const end = (): Promise<void> => {
    ending ??= endAll(target, onLeft)
    return ending
  }
  const kill = (): void => {
    stoppedBy = 'lost'
    void end()
  }
  expiring?.addEventListener('abort', terminate)
  lost?.addEventListener('abort', kill)
  return {
    get stoppedBy() {
      return stoppedBy
    },
    async settled() {
      await outlast(target, lost)
      await end()
    },
    [Symbol.dispose]() {
      expiring?.removeEventListener('abort', terminate)
      lost?.removeEventListener('abort', kill)
    },
  }
}

// A shell ends at once on TERM, while the worker that it started still cleans up. The worker may use the rest of the
// grace. Only polling detects its end: no event reports the end of a process that is not a child of this process.
async function outlast(target: CommandTree, lost: AbortSignal | undefined): Promise<void> {
  while (lost && !lost.aborted && target.alive()) await delay(POLL)
}

// If a user ends the parent, its children usually end, too: only the parent is reported.
const isBelow = ({ parent }: Process, others: readonly Process[]): boolean =>
  others.some((other) => other.pid === parent && isForeign(other))

async function endAll(target: CommandTree, onLeft: LossSignals['onLeft']): Promise<void> {
  const told = new Set<Process>()
  const begun = performance.now()
  for (let left = target.kill(); left.length > 0; left = target.kill(left)) {
    const late = performance.now() - begun > DYING
    const news = (late ? left : left.filter(isForeign)).filter(
      (process) => !told.has(process) && !target.spares(process) && !isBelow(process, left),
    )
    for (const process of news) told.add(process)
    if (news.length > 0) onLeft?.(news)
    await delay(late ? SLOW_POLL : POLL)
  }
}
