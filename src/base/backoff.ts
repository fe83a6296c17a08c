import { setTimeout as sleep } from 'node:timers/promises'
import { nowWaiting } from './waiting-mark.ts'

/** Milliseconds: the first pause, and usually the longest. */
const FIRST_PAUSE = 25
const MAX_PAUSE = 1_000

/** Waits for the pause to be over, or for the signal, whose call waits from then on. Never rejects. */
export type Pause = (signal?: AbortSignal) => Promise<void>

/**
 * Pauses between attempts, each about twice as long as the one before, up to a second or `longest`, and of random length, so
 * that many who failed together do not come back together. Use it as `for (const pause of backoff())`.
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
