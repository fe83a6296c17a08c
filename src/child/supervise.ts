import { setImmediate } from 'node:timers/promises'
import { ENDING, exitCodeOf } from './ending.ts'
import type { Outcome } from './outcome.ts'
import { Preparation } from './preparation.ts'
import { run } from './run.ts'
import { type CaughtSignals, catchSignals } from './signals.ts'
import type { Supervision } from './supervision.ts'

/**
 * Runs `command` with the standard streams of this process until it ends, and forwards the signals that this process
 * gets. COMMAND never outlives this process.
 *
 * With a terminal, COMMAND stays in the process group of this process. Signals that the terminal sends to the whole
 * group (INT, QUIT, TSTP, WINCH) are then not sent a second time. Without a terminal, COMMAND leads a group of its own,
 * signals go to the whole group, and TSTP stops the group and this process. Processes that COMMAND leaves behind on a
 * normal end are left alone.
 *
 * If HUP, INT, QUIT or TERM arrives before the start, or the ownership is lost before it, COMMAND is not started.
 *
 * @throws CommandNotFoundError, CommandNotExecutableError
 */
export async function supervise(
  command: readonly string[],
  supervision: Supervision = {},
): Promise<Outcome> {
  const signals = supervision.signals ?? catchSignals()
  try {
    return await superviseWatched(command, supervision, signals)
  } finally {
    signals.handTo()
    if (!supervision.signals) signals.release()
  }
}

async function superviseWatched(
  command: readonly string[],
  supervision: Supervision,
  signals: CaughtSignals,
): Promise<Outcome> {
  const earlySignals: NodeJS.Signals[] = []
  signals.handTo((signal) => void earlySignals.push(signal))
  const env = { ...process.env, ...supervision.env }
  const { preparation = new Preparation() } = supervision
  const prepared = await preparation.take()
  try {
    await signalsSeen()
    return (
      outcomeBeforeStart(earlySignals, supervision) ??
      (await run({ command, env, prepared, signals, earlySignals, supervision }))
    )
  } finally {
    prepared.watchdog.done()
    prepared.launcher?.discard()
  }
}

// The event loop notices a signal when it polls, which it does between two immediates.
async function signalsSeen(): Promise<void> {
  await setImmediate()
  await setImmediate()
}

/** The outcome if COMMAND must not be started any more. */
function outcomeBeforeStart(
  early: readonly NodeJS.Signals[],
  { expiring, lost }: Supervision,
): Outcome | undefined {
  const signal = early.find((name) => ENDING.has(name))
  if (signal) return { code: exitCodeOf(signal), signal }
  const stoppedBy = lost?.aborted ? 'lost' : expiring?.aborted ? 'expiring' : undefined
  return stoppedBy && { code: exitCodeOf('SIGTERM'), signal: 'SIGTERM', stoppedBy }
}
