import { monotonic } from './monotonic.ts'

/**
 * Milliseconds of the monotonic clock, which all processes of one start of a Linux machine share. The wall clock,
 * which people and NTP set, decides nothing.
 */
export const now = (): number => Number(monotonic() / 1_000n) / 1_000
