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
 * Checks all addresses of a host. The result is up if any address is up, and down if all addresses are down. The check
 * of the next address begins when the previous check has failed or has taken 250 ms. Unlike `autoSelectFamily`, this
 * does not give up a slow address before the signal aborts.
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

/** If the state of one address is unknown, the result is unknown, unless this machine has no route to that address. */
const neither = (first: NotUp, second: NotUp): NotUp => {
  if (!first.unknown !== !second.unknown) {
    const [open, refused] = first.unknown ? [first, second] : [second, first]
    return isUnroutable(open.reason) ? refused : open
  }
  return { ...first, reason: moreTelling(first.reason, second.reason) }
}
