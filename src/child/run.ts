import { setImmediate as otherWork } from 'node:timers/promises'
import { withExactEnvironment } from './exact-environment.ts'
import { type Launched, launch } from './launch.ts'
import { watchLoss } from './loss.ts'
import type { Outcome } from './outcome.ts'
import type { Prepared } from './preparation.ts'
import { executable } from './resolve.ts'
import { type CaughtSignals, FROM_TERMINAL } from './signals.ts'
import { restoreSoftLimit } from './soft-limit.ts'
import type { Supervision } from './supervision.ts'
import { Target } from './target.ts'
import { inForeground, type Standing, standingOfCommand } from './terminal.ts'

/** All that is ready before COMMAND starts. */
export interface Start {
  readonly command: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly prepared: Prepared
  readonly signals: CaughtSignals
  /** Signals which came too early to be handed on. */
  readonly early: readonly NodeJS.Signals[]
  readonly supervision: Supervision
}

/**
 * Starts COMMAND, before it yields for the first time, and stays with it until its end.
 * @throws CommandNotFoundError, CommandNotExecutableError
 */
export async function run(start: Start): Promise<Outcome> {
  const standing = standingOfCommand()
  const { supervision } = start
  const { pid, ended } = begin(start, standing)
  if (pid === undefined) return ended
  const { guard } = start.prepared
  const target = new Target({ pid, standing, mark: guard.mark }, guard)
  const loss = watchLoss(target, supervision)
  try {
    relay(start, target, standing)
    supervision.onStart?.(target.id)
    const ending = await ended
    target.ended()
    if (!loss.stoppedBy) {
      supervision.onEnd?.()
      // Who comes next is told before we clear up.
      await otherWork()
      return ending
    }
    await loss.settled()
    return { ...ending, stoppedBy: loss.stoppedBy }
  } finally {
    loss[Symbol.dispose]()
  }
}

function begin(
  { command, env, prepared, supervision }: Start,
  standing: Standing,
): Pick<Launched, 'pid' | 'ended'> {
  const { execa, guard, launcher } = prepared
  const idOf = (pid: number) => (standing === 'apart' ? -pid : pid)
  supervision.onReady?.(guard, launcher && idOf(launcher.pid))
  if (launcher) {
    launcher.go(supervision.env ?? {})
    return launcher
  }
  const program = restoreSoftLimit(executable(command, env), env)
  // In front, where also a grep that stops at the first NUL (busybox) finds it.
  const marked = { ...guard.env, ...env, ...guard.env }
  const name = command[0] ?? ''
  const exact = withExactEnvironment({ program, env: marked })
  const launched = launch({ execa, name, ...exact, detached: standing === 'apart' })
  if (launched.pid !== undefined) guard.watch(idOf(launched.pid))
  return launched
}

function relay({ signals, early, supervision }: Start, target: Target, standing: Standing): void {
  const hand = (signal: NodeJS.Signals): void => {
    if (FROM_TERMINAL.has(signal) && standing !== 'apart' && inForeground()) return
    if (signal === 'SIGTSTP') suspend(target)
    else if (signal === 'SIGCONT') resume(target)
    else if (!target.forward(signal)) supervision.onRefused?.(signal, target.id)
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
