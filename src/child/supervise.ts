import { setImmediate } from 'node:timers/promises'
import { ENDING, exitCodeOf } from './ending.ts'
import type { Outcome } from './outcome.ts'
import { Preparation } from './preparation.ts'
import { run } from './run.ts'
import { type CaughtSignals, catchSignals } from './signals.ts'
import type { Supervision } from './supervision.ts'

/**
 * Runs `command` with our standard streams until it ends, hands on the signals that we get, and never lets it
 * outlive us.
 *
 * With a terminal as stdin, COMMAND stays in our process group and what the terminal sends to the whole
 * group (INT, QUIT, TSTP, WINCH) is not sent a second time. Otherwise it leads a group of its own, signals go to all of
 * the group, and TSTP stops the group and us. Processes that COMMAND leaves behind on a normal end are left alone.
 *
 * HUP, INT, QUIT or TERM before the start, or a loss: COMMAND is not started.
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

// A signal that has arrived is noticed when the event loop polls, as it does between two immediates.
async function signalsSeen(): Promise<void> {
  await setImmediate()
  await setImmediate()
}

/** The outcome when there is no point in starting COMMAND any more. */
function outcomeBeforeStart(
  early: readonly NodeJS.Signals[],
  { expiring, lost }: Supervision,
): Outcome | undefined {
  const signal = early.find((name) => ENDING.has(name))
  if (signal) return { code: exitCodeOf(signal), signal }
  const stoppedBy = lost?.aborted ? 'lost' : expiring?.aborted ? 'expiring' : undefined
  return stoppedBy && { code: exitCodeOf('SIGTERM'), signal: 'SIGTERM', stoppedBy }
}
