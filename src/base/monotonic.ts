import { cLibrary } from './c-library.ts'

interface Clock {
  clock_gettime(clock: number, time: BigInt64Array): number
}

const CLOCK = { clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' } } as const

/** The numbers of the clocks that Node itself reads: Linux' CLOCK_MONOTONIC, macOS' CLOCK_MONOTONIC_RAW. */
const MONOTONIC = process.platform === 'darwin' ? 4 : 1

/**
 * Nanoseconds of the machine's monotonic clock, which all its processes share. Node's `process.hrtime` reads that
 * clock. bun's clock begins with the process, so under bun each call asks the C library. An offset that is measured
 * once would be wrong by any time for which the process stood still between the two readings.
 */
export const monotonic = (): bigint =>
  process.versions.bun === undefined ? process.hrtime.bigint() : systemTime()

let library: Clock | undefined
const time = new BigInt64Array(2)

const systemTime = (): bigint => {
  library ??= cLibrary<Clock>(CLOCK)
  library.clock_gettime(MONOTONIC, time)
  const [seconds = 0n, nanoseconds = 0n] = time
  return seconds * 1_000_000_000n + nanoseconds
}
