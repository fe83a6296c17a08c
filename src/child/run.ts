import { isatty } from 'node:tty'
import type { Guard } from './guard.ts'
import { type Launch, launch } from './launch.ts'
import { watchLoss } from './loss.ts'
import { type CaughtSignals, FROM_TERMINAL } from './signals.ts'
import type { Outcome, Supervision } from './supervision.ts'
import { groupTarget, type Target, treeTarget } from './target.ts'

/** All that is ready before COMMAND starts. */
export interface Start extends Pick<Launch, 'execa' | 'name' | 'program' | 'env'> {
  readonly signals: CaughtSignals
  /** Signals which came too early to be handed on. */
  readonly early: readonly NodeJS.Signals[]
  readonly guard: Guard
  readonly supervision: Supervision
}

/** Starts COMMAND, before it yields for the first time, and stays with it until its end. */
export async function run(start: Start): Promise<Outcome> {
  const terminal = isatty(0)
  const { guard, supervision } = start
  // In front, where also a grep that stops at the first NUL (busybox) finds it.
  const env = { ...guard.env, ...start.env, ...guard.env }
  const { pid, ended } = launch({ ...start, env, detached: !terminal })
  if (pid === undefined) return ended
  const target = terminal ? treeTarget(pid) : groupTarget(pid)
  guard.watch(target.id)
  const loss = watchLoss(target, supervision)
  try {
    relay(start, target, terminal)
    supervision.onStart?.(target.id)
    const ending = await ended
    if (!loss.stoppedBy) supervision.onEnd?.()
    await loss.settled()
    return { ...ending, stoppedBy: loss.stoppedBy }
  } finally {
    loss[Symbol.dispose]()
  }
}

function relay({ signals, early }: Start, target: Target, terminal: boolean): void {
  const hand = (signal: NodeJS.Signals): void => {
    if (terminal && FROM_TERMINAL.has(signal)) return
    if (signal === 'SIGTSTP') suspend(target)
    else if (signal === 'SIGCONT') resume(target)
    else target.forward(signal)
  }
  for (const signal of early) hand(signal)
  signals.handTo(hand)
}

// STOP, since the kernel discards TSTP in a group that nobody outside of it controls, which COMMAND's is.
function suspend(target: Target): void {
  target.forward('SIGSTOP')
  process.kill(process.pid, 'SIGSTOP')
}

// Timers that fell due while we were stopped go first: if what is held was lost meanwhile, COMMAND must not wake.
function resume(target: Target): void {
  setTimeout(() => target.forward('SIGCONT'), 0)
}
