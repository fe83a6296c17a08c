import { setTimeout as sleep } from 'node:timers/promises'
import { untilAborted } from '../aborted.ts'
import { isUnroutable, moreTelling } from '../reason.ts'
import { addressesOf } from './addresses.ts'
import { down } from './attempt.ts'
import type { Finding } from './probe.ts'

/** RFC 8305's recommended delay between connection attempts, in milliseconds. */
const stagger = 250

type Look = (address: string, signal: AbortSignal) => Promise<Finding>

/**
 * Looks at all addresses of a host: up if any is, down if all are. The next address gets its turn when the one before has failed or
 * has been silent for a moment; unlike `autoSelectFamily`, nothing slow is given up on before the signal says so.
 */
export const lookAtEach = async (
  host: string,
  signal: AbortSignal,
  look: Look,
  resolve = addressesOf,
): Promise<Finding> => {
  const over = new AbortController()
  const either = AbortSignal.any([signal, over.signal])
  try {
    const addresses = await untilAborted(either, resolve(host))
    return await race(addresses, either, look)
  } finally {
    over.abort()
  }
}

const race = async (addresses: string[], signal: AbortSignal, look: Look): Promise<Finding> => {
  const [address, ...rest] = addresses
  if (address === undefined) return down('name does not resolve')
  const first = look(address, signal)
  if (rest.length === 0) return first
  const early = await Promise.race([first, sleep(stagger, undefined, { signal })])
  return early?.up ? early : better(first, race(rest, signal, look))
}

const better = async (one: Promise<Finding>, other: Promise<Finding>): Promise<Finding> => {
  const sooner = await Promise.race([one, other])
  if (sooner.up) return sooner
  const [first, second] = await Promise.all([one, other])
  if (first.up) return first
  return second.up ? second : neither(first, second)
}

type NotUp = Exclude<Finding, { up: true }>

/** One address of which nothing is known leaves it open, unless this machine cannot reach any such address. */
const neither = (first: NotUp, second: NotUp): NotUp => {
  if (!first.unknown !== !second.unknown) {
    const [open, refused] = first.unknown ? [first, second] : [second, first]
    return isUnroutable(open.reason) ? refused : open
  }
  return { ...first, reason: moreTelling(first.reason, second.reason) }
}
