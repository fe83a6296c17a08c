import { setTimeout as delay } from 'node:timers/promises'
import type { Process } from '../base/processes.ts'
import { type CommandTree, isForeign } from './command-tree.ts'

/** Why COMMAND was stopped, or not even started: what was held was about to be lost, or was. */
export type Loss = 'expiring' | 'lost'

/** The two stages of losing what is held. */
export interface LossSignals {
  /** Aborts when the thing held is about to be lost: TERM to every process of COMMAND. */
  readonly expiring?: AbortSignal
  /** Aborts when it is lost: KILL to every process of COMMAND at once. */
  readonly lost?: AbortSignal
  /** Told of processes that live on after KILL, each once: of another user, or stuck in the kernel. */
  readonly onLeft?: (processes: readonly Process[]) => void
}

/** Ends COMMAND when what it runs under is lost. */
export interface LossWatch extends Disposable {
  /** What COMMAND was stopped by, so far. */
  readonly stoppedBy: Loss | undefined
  /** After COMMAND's end: waits until the processes that it left behind have ended. */
  settled(): Promise<void>
}

const POLL = 20
/** Once those that could be killed should have ended. */
const SLOW_POLL = 200
/** Milliseconds in which a process that was killed ends, unless the kernel keeps it. */
const DYING = 1_000

/** Begins to watch; neither signal may have been aborted yet. */
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

// A shell dies of TERM at once while the worker that it started still cleans up: that one keeps the rest of the
// grace. No event tells that a process which is not our child has ended.
async function outlast(target: CommandTree, lost: AbortSignal | undefined): Promise<void> {
  while (lost && !lost.aborted && target.alive()) await delay(POLL)
}

// Who ends the parent has the rest end, as a rule.
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
