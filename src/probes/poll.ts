import { setTimeout as sleep } from 'node:timers/promises'
import { untilAborted } from '../aborted.ts'
import { formatDuration } from '../duration.ts'
import { unknown } from './attempt.ts'
import type { Finding, Probe } from './probe.ts'
import { withSlot } from './slots.ts'
import { startThreads } from './threads.ts'

/** The time limit of one attempt unless told otherwise, in milliseconds. */
const usualAttemptLimit = 5000

/** The longest time that a timer takes, in milliseconds. */
const longestTimer = 2 ** 31 - 1

/** How to watch a probe. */
export interface ObserveOptions {
  /** The time limit of one attempt in milliseconds. Default: 5000. */
  readonly attemptLimit?: number
}

/**
 * One attempt, of at most `attemptLimit` milliseconds, after which the finding is "no answer within 5s", which says
 * nothing about what is there. Also a probe that ignores its signal does not overrun. Its time begins when it has its turn.
 * @throws the reason of `signal` once that aborts; UsageError for what no later look can mend.
 */
export const lookOnce = async (
  probe: Probe,
  signal: AbortSignal,
  attemptLimit = usualAttemptLimit,
): Promise<Finding> => {
  signal.throwIfAborted()
  startThreads()
  return withSlot(signal, () => lookNow(probe, signal, attemptLimit))
}

const lookNow = async (
  probe: Probe,
  signal: AbortSignal,
  attemptLimit: number,
): Promise<Finding> => {
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), Math.min(attemptLimit, longestTimer))
  const either = AbortSignal.any([signal, over.signal])
  let reason = 'no answer'
  const soFar = (text: string) => {
    reason = text
  }
  try {
    return await untilAborted(either, probe.look(either, soFar))
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
 * Looks again and again, and yields what each look found. The pauses grow from 50 ms to 1 s, with jitter, and start
 * anew when the probe went up or down. Ends only by the signal, also in the middle of a look or a pause.
 * @throws the reason of `signal` once that aborts; UsageError for what no later look can mend.
 */
export async function* observe(
  probe: Probe,
  signal: AbortSignal,
  { attemptLimit = usualAttemptLimit }: ObserveOptions = {},
): AsyncGenerator<Finding, void> {
  let previous: Finding | undefined
  for (let looks = 0; ; looks++) {
    const found = await lookOnce(probe, signal, attemptLimit)
    yield found
    if (previous?.up !== found.up) looks = 0
    previous = found
    await pause(looks, signal)
  }
}

const pause = async (looks: number, signal: AbortSignal): Promise<void> => {
  const longest = Math.min(1000, 50 * 1.5 ** looks)
  try {
    await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal })
  } catch {
    signal.throwIfAborted()
  }
}
