import { setTimeout as sleep } from 'node:timers/promises'
import { untilAborted } from '../base/abort.ts'
import { formatDuration } from '../base/duration.ts'
import { unknown } from './attempt.ts'
import type { Probe, ProbeResult } from './probe.ts'
import { withSlot } from './slots.ts'
import { startThreads } from './threads.ts'

/** The time limit of one attempt unless told otherwise, in milliseconds. */
const defaultAttemptLimit = 5000

/** The longest time that a timer takes, in milliseconds. */
const maxTimer = 2 ** 31 - 1

/** How to watch a probe. */
export interface ObserveOptions {
  /** The time limit of one attempt in milliseconds. Default: 5000. */
  readonly attemptLimit?: number
}

/**
 * One attempt, of at most `attemptLimit` milliseconds, after which the result is "no answer within 5s", which says
 * nothing about what is there. Also a probe that ignores its signal does not overrun. Its time begins when it has its turn.
 * @throws the reason of `signal` once that aborts; UsageError for what no later check can mend.
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
 * Checks again and again, and yields what each check found. The pauses grow from 50 ms to 1 s, with jitter, and start
 * anew when the probe went up or down. Ends only by the signal, also in the middle of a check or a pause.
 * @throws the reason of `signal` once that aborts; UsageError for what no later check can mend.
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
