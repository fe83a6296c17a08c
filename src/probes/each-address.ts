import { setTimeout as sleep } from 'node:timers/promises'
import { untilAborted } from '../base/abort.ts'
import { isUnroutable, moreTelling } from '../base/reason.ts'
import { addressesOf } from './addresses.ts'
import { down } from './attempt.ts'
import type { ProbeResult } from './probe.ts'

/** RFC 8305's recommended delay between connection attempts, in milliseconds. */
const stagger = 250

type AddressCheck = (address: string, signal: AbortSignal) => Promise<ProbeResult>

/**
 * Looks at all addresses of a host: up if any is, down if all are. The next address gets its turn when the one before has failed or
 * has been silent for a moment; unlike `autoSelectFamily`, nothing slow is given up on before the signal says so.
 */
export const checkEachAddress = async (
  host: string,
  signal: AbortSignal,
  check: AddressCheck,
  resolve = addressesOf,
): Promise<ProbeResult> => {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  try {
    const addresses = await untilAborted(either, resolve(host))
    return await race(addresses, either, check)
  } finally {
    over.abort()
  }
}

const race = async (
  addresses: string[],
  signal: AbortSignal,
  check: AddressCheck,
): Promise<ProbeResult> => {
  const [address, ...rest] = addresses
  if (address === undefined) return down('name does not resolve')
  const first = check(address, signal)
  if (rest.length === 0) return first
  const early = await Promise.race([first, sleep(stagger, undefined, { signal })])
  return early?.up ? early : better(first, race(rest, signal, check))
}

const better = async (
  one: Promise<ProbeResult>,
  other: Promise<ProbeResult>,
): Promise<ProbeResult> => {
  const sooner = await Promise.race([one, other])
  if (sooner.up) return sooner
  const [first, second] = await Promise.all([one, other])
  if (first.up) return first
  return second.up ? second : neither(first, second)
}

type NotUp = Exclude<ProbeResult, { up: true }>

/** One address of which nothing is known leaves it open, unless this machine cannot reach any such address. */
const neither = (first: NotUp, second: NotUp): NotUp => {
  if (!first.unknown !== !second.unknown) {
    const [open, refused] = first.unknown ? [first, second] : [second, first]
    return isUnroutable(open.reason) ? refused : open
  }
  return { ...first, reason: moreTelling(first.reason, second.reason) }
}
