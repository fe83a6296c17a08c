import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../../base/clock.ts'
import type { Namespace } from '../core/namespace.ts'
import { claimMachine, type Machine } from './machine-number.ts'

// Sonyflake's layout of 63 bits: 39 bits of time in units of 10 ms (ticks) since 2014-09-01, 8 of sequence, 16 of
// machine.

const EPOCH = Date.UTC(2014, 8, 1)
const TICK = 10
const SEQUENCE_BITS = 8n
const MACHINE_BITS = 16n
const IN_A_TICK = 2 ** Number(SEQUENCE_BITS)

/** The number of ticks that are reserved at a time. At full speed, this is one write a second. */
const RESERVED = 100

export interface IdOptions {
  /** The number of ids. Default: 1. */
  readonly count?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Yields rising ids. No other process of the namespace ever gets the same ids, even if clocks are wrong or set back. An
 * id is not ahead of this machine's clock, so there are at most 256 ids in 10 ms. The exception is a clock that is more
 * than a second behind the ticks that were reserved with every free machine number.
 * @throws NoError all 65,536 machine numbers are taken.
 * @throws UnavailableError the store was out of reach until the signal aborted.
 */
export async function* ids(
  namespace: Namespace,
  { count = 1, signal = new AbortController().signal }: IdOptions = {},
): AsyncGenerator<bigint> {
  const clock = tickClock()
  let machine: Machine | undefined
  let tick = 0
  try {
    for (let left = count; left > 0; ) {
      const wanted = Math.min(RESERVED, Math.ceil(left / IN_A_TICK))
      const earliest = Math.max(clock(), tick + 1)
      machine = await machine?.reserve(earliest, wanted, signal)
      machine ??= await claimMachine(namespace, earliest, wanted, signal)
      for (const next of machine.reserved) {
        tick = next
        await reached(clock, tick, signal)
        for (let sequence = 0; sequence < IN_A_TICK && left > 0; sequence++, left--) {
          yield idOf(tick, sequence, machine.number)
        }
      }
    }
  } finally {
    await machine?.release()
  }
}

/** Returns the current tick, by the wall clock at the start. Later changes of the wall clock have no effect. */
const tickClock = (): (() => number) => {
  const begun = Date.now() - EPOCH - now()
  return () => Math.floor((begun + now()) / TICK)
}

/** In ticks. If a tick is further ahead than this, this machine's clock is wrong, and waiting does not help. */
const WORTH_WAITING = 1_000 / TICK

const reached = async (clock: () => number, tick: number, signal: AbortSignal): Promise<void> => {
  for (let ahead = tick - clock(); ahead > 0 && ahead <= WORTH_WAITING; ahead = tick - clock()) {
    await sleep(ahead * TICK, undefined, { signal }).catch(() => {})
    signal.throwIfAborted()
  }
}

const idOf = (tick: number, sequence: number, machine: number): bigint =>
  (((BigInt(tick) << SEQUENCE_BITS) | BigInt(sequence)) << MACHINE_BITS) | BigInt(machine)
