import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../base/clock.ts'
import type { Interrupted } from './interrupts.ts'
import { HURRIED_RELEASE_LIMIT } from './run-held.ts'

/** Waits for background work, at most until HURRIED_RELEASE_LIMIT after the signal that ends this process. */
export const awaitCleanup = async (
  backgroundWork: Promise<unknown>,
  { at }: Interrupted,
): Promise<void> => {
  const left = at + HURRIED_RELEASE_LIMIT - now()
  if (left > 0) await Promise.race([backgroundWork, sleep(left)])
}
