import { setTimeout as sleep } from 'node:timers/promises'
import { untilAborted } from '../base/abort.ts'
import { formatDuration } from '../base/duration.ts'
import { unknown } from './attempt.ts'
import type { Probe, ProbeResult } from './probe.ts'
import { withSlot } from './slots.ts'
import { startThreads } from './threads.ts'

/** The default time limit of one attempt, in milliseconds. */
const defaultAttemptLimit = 5000

/** The longest delay that a timer accepts, in milliseconds. */
const maxTimer = 2 ** 31 - 1

/** Options for observing a probe. */
export interface ObserveOptions {
  /** The time limit of one attempt in milliseconds. Default: 5000. */
  readonly attemptLimit?: number
}

/**
 * Makes one attempt of at most `attemptLimit` milliseconds. After that time the result is unknown, with a reason such
 * as "no answer within 5s". The limit also holds for a probe that ignores its signal. The time begins when the attempt
 * gets its slot.
 * @throws the reason of `signal` once `signal` aborts; UsageError for an error that a later check cannot correct.
 */
export const checkOnce = async (
  probe: Probe,
  signal: AbortSignal,
  attemptLimit = defaultAttemptLimit,
): Promise<ProbeResult> => {
  signal.throwIfAborted()
  startThreads()
  return withSlot(signal, () => checkNow(probe, signal, attemptLimit))
}

const checkNow = async (
  probe: Probe,
  signal: AbortSignal,
  attemptLimit: number,
): Promise<ProbeResult> => {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), Math.min(attemptLimit, maxTimer))
  const either = AbortSignal.any([signal, over.signal])
  let reason = 'no answer'
  const soFar = (text: string) => {
    reason = text
  }
  try {
    return await untilAborted(either, probe.check(either, soFar))
  } catch (error) {
    signal.throwIfAborted()
    if (!over.signal.aborted) throw error
    return unknown(`${reason} within ${formatDuration(attemptLimit)}`)
  } finally {
    clearTimeout(timer)
    over.abort()
  }
}

/**
 * Checks repeatedly, and yields the result of each check. The pauses grow from 50 ms to 1 s, with jitter, and start
 * again at 50 ms when the probe goes up or down. An abort of the signal ends it, even in the middle of a check or a
 * pause.
 * @throws the reason of `signal` once `signal` aborts; UsageError for an error that a later check cannot correct.
 */
export async function* observe(
  probe: Probe,
  signal: AbortSignal,
  { attemptLimit = defaultAttemptLimit }: ObserveOptions = {},
): AsyncGenerator<ProbeResult, void> {
  let previous: ProbeResult | undefined
  for (let checks = 0; ; checks++) {
    const found = await checkOnce(probe, signal, attemptLimit)
    yield found
    if (previous?.up !== found.up) checks = 0
    previous = found
    await pause(checks, signal)
  }
}

const pause = async (checks: number, signal: AbortSignal): Promise<void> => {
  const longest = Math.min(1000, 50 * 1.5 ** checks)
  try {
    await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal })
  } catch {
    signal.throwIfAborted()
  }
}
