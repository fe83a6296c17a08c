import { setTimeout as sleep } from 'node:timers/promises'
import { nowWaiting } from './waiting-mark.ts'

/** In milliseconds: the first pause, and the default limit of a pause. */
const FIRST_PAUSE = 25
const MAX_PAUSE = 1_000

/** Waits until the pause is over or the signal aborts. Marks the call of the signal as waiting. Never rejects. */
export type Pause = (signal?: AbortSignal) => Promise<void>

/**
 * Pauses between attempts, each about twice as long as the one before, up to a second or `longest` milliseconds. Their
 * lengths are random, so that many callers that failed together do not retry together. Use it as
 * `for (const pause of backoff())`.
 */
export function* backoff(longest = MAX_PAUSE): Generator<Pause, never> {
  for (let length = FIRST_PAUSE; ; length = Math.min(2 * length, longest)) {
    const pause = length * (0.5 + Math.random() / 2)
    yield async (signal) => {
      nowWaiting(signal)
      await sleep(pause, undefined, { signal }).catch(() => {})
    }
  }
}
