import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../backends/clock.ts'
import type { Interrupted } from './interrupts.ts'
import { GIVING_UP_IN_A_HURRY } from './run-held.ts'

/** Waits for what goes on beside, as long as who was told to end may take. */
export const awaitLastEfforts = async (
  unfinished: Promise<unknown>,
  { at }: Interrupted,
): Promise<void> => {
  const left = at + GIVING_UP_IN_A_HURRY - now()
  if (left > 0) await Promise.race([unfinished, sleep(left)])
}
