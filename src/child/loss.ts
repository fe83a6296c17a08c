import { setTimeout as delay } from 'node:timers/promises'
import type { Target } from './target.ts'

/** Why COMMAND was stopped, or not even started: what was held was about to be lost, or was. */
export type Loss = 'expiring' | 'lost'

/** The two stages of losing what is held. */
export interface LossSignals {
  /** Aborts when the thing held is about to be lost: TERM to every process of COMMAND. */
  readonly expiring?: AbortSignal
  /** Aborts when it is lost: KILL to every process of COMMAND at once. */
  readonly lost?: AbortSignal
}

/** Ends COMMAND when what it runs under is lost. */
export interface LossWatch extends Disposable {
  /** What COMMAND was stopped by, so far. */
  readonly stoppedBy: Loss | undefined
  /** After COMMAND's end: waits until the processes that it left behind may not act any more. */
  settled(): Promise<void>
}

const POLL = 20

/** Begins to watch; neither signal may have been aborted yet. */
export function watchLoss(target: Target, { expiring, lost }: LossSignals): LossWatch {
  let stoppedBy: Loss | undefined
  const terminate = (): void => {
    stoppedBy ??= 'expiring'
    target.terminate()
  }
  const kill = (): void => {
    stoppedBy = 'lost'
    target.kill()
  }
  expiring?.addEventListener('abort', terminate)
  lost?.addEventListener('abort', kill)
  return {
    get stoppedBy() {
      return stoppedBy
    },
    async settled() {
      if (stoppedBy) await outlast(target, lost)
    },
    [Symbol.dispose]() {
      expiring?.removeEventListener('abort', terminate)
      lost?.removeEventListener('abort', kill)
    },
  }
}

// A shell dies of TERM at once while the worker that it started still cleans up: that one keeps the rest of the
// grace. No event tells that a process which is not our child has ended.
async function outlast(target: Target, lost: AbortSignal | undefined): Promise<void> {
  while (lost && !lost.aborted && target.alive()) await delay(POLL)
  target.kill()
}
