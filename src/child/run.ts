import { setImmediate as otherWork } from 'node:timers/promises'
import { CommandTree } from './command-tree.ts'
import { withExactEnvironment } from './exact-environment.ts'
import { type Launched, launch } from './launch.ts'
import { watchLoss } from './loss.ts'
import type { Outcome } from './outcome.ts'
import type { Prepared } from './preparation.ts'
import { executable } from './resolve.ts'
import { type CaughtSignals, FROM_TERMINAL } from './signals.ts'
import { restoreSoftLimit } from './soft-limit.ts'
import type { Supervision } from './supervision.ts'
import { inForeground, type Placement, placementOfCommand } from './terminal.ts'

/** Everything that is ready before COMMAND starts. */
export interface RunContext {
  readonly command: readonly string[]
  readonly env: NodeJS.ProcessEnv
  readonly prepared: Prepared
  readonly signals: CaughtSignals
  /** Signals that arrived before COMMAND could receive them. */
  readonly earlySignals: readonly NodeJS.Signals[]
  readonly supervision: Supervision
}

/**
 * Starts COMMAND before the first `await`, and waits until it has ended.
 * @throws CommandNotFoundError, CommandNotExecutableError
 */
export async function run(context: RunContext): Promise<Outcome> {
  const placement = placementOfCommand()
  const { supervision } = context
  const { pid, ended } = begin(context, placement)
  if (pid === undefined) return ended
  const { watchdog } = context.prepared
  const target = new CommandTree({ pid, placement, mark: watchdog.mark }, watchdog)
  const loss = watchLoss(target, supervision)
  try {
    relay(context, target, placement)
    supervision.onStart?.(target.id)
    const ending = await ended
    target.ended()
    if (!loss.stoppedBy) {
      supervision.onEnd?.()
      // `onEnd` reaches the next holder before the cleanup begins.
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
  { command, env, prepared, supervision }: RunContext,
  placement: Placement,
): Pick<Launched, 'pid' | 'ended'> {
  const { execa, watchdog, launcher } = prepared
  const idOf = (pid: number) => (placement === 'apart' ? -pid : pid)
  supervision.onReady?.(watchdog, launcher && idOf(launcher.pid))
  if (launcher) {
    launcher.go(supervision.env ?? {})
    return launcher
  }
  const program = restoreSoftLimit(executable(command, env), env)
  // The mark comes first, so that a grep that stops at the first NUL (busybox) finds it, too.
  const marked = { ...watchdog.env, ...env, ...watchdog.env }
  const name = command[0] ?? ''
  const exact = withExactEnvironment({ program, env: marked })
  const launched = launch({ execa, name, ...exact, detached: placement === 'apart' })
  if (launched.pid !== undefined) watchdog.watch(idOf(launched.pid))
  return launched
}

function relay(
  { signals, earlySignals, supervision }: RunContext,
  target: CommandTree,
  placement: Placement,
): void {
  const hand = (signal: NodeJS.Signals): void => {
    if (FROM_TERMINAL.has(signal) && placement !== 'apart' && inForeground()) return
    if (signal === 'SIGTSTP') suspend(target)
    else if (signal === 'SIGCONT') resume(target)
    else if (!target.forward(signal)) supervision.onRefused?.(signal, target.id)
  }
  for (const signal of earlySignals) hand(signal)
  signals.handTo(hand)
}

// STOP instead of TSTP: the kernel discards TSTP in an orphaned process group, and COMMAND's group is orphaned.
function suspend(target: CommandTree): void {
  target.forward('SIGSTOP')
  process.kill(process.pid, 'SIGSTOP')
}

// Timers that expired while this process was stopped run first. If the ownership was lost meanwhile, COMMAND must not
// continue.
function resume(target: CommandTree): void {
  setTimeout(() => target.forward('SIGCONT'), 0)
}
