import { monotonic } from './monotonic.ts'

/**
 * Milliseconds of the monotonic clock, which all processes since one boot of a Linux machine share. No decision depends
 * on the wall clock, which people and NTP set.
 */
export const now = (): number => Number(monotonic() / 1_000n) / 1_000
