import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../../base/clock.ts'

/**
 * The longest pause is this factor, times the duration of the attempt before it, times the square of the number of
 * conflicts before that attempt.
 */
const FACTOR = 16

/** Milliseconds. No pause is longer than this. */
const MAX_PAUSE = 100

/** Resolves to true if it slept. Then the entries that were known before may be out of date. Never rejects. */
type ContentionPause = (signal?: AbortSignal) => Promise<boolean>

/**
 * Pauses between attempts that conflict with those of other processes. The first pause is empty. Each later pause has a
 * random length, and its maximum grows with each conflict. So one process makes many changes in a row while the others
 * sleep, instead of all processes refusing each other. With it, eight processes on one counter of etcd make 0.9 times
 * as many changes as one process alone; with a plain loop, 0.4 times as many.
 */
export function* contention(): Generator<ContentionPause, never> {
  // The first pause is empty, so it does not matter when the first attempt began.
  let began = 0
  for (let conflicts = 0; ; conflicts++) {
    yield async (signal) => {
      const longest = Math.min(MAX_PAUSE, FACTOR * conflicts ** 2 * (now() - began))
      if (longest > 0) await sleep(Math.random() * longest, undefined, { signal }).catch(() => {})
      began = now()
      return longest > 0
    }
  }
}
