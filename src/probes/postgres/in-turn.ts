import { setTimeout as sleep } from 'node:timers/promises'
import { isUnroutable, moreTelling } from '../../base/reason.ts'
import type { Outcome } from './outcome.ts'

/** RFC 8305's recommended delay between connection attempts, in milliseconds. */
const stagger = 250

/** An attempt at one place; `reached` is called once something there accepts a connection. */
export type Attempt = (signal: AbortSignal, reached: () => void) => Promise<Outcome>

/** How the attempts at several places become one. */
interface Turns {
  /** Whether an outcome ends the matter, so that later places are not asked. */
  readonly decides: (outcome: Outcome) => boolean
  readonly joinReasons: (one: string, other: string) => string
}

/** Addresses of one host: the first that accepts a connection counts, so only the unreachable ones are passed over. */
export const firstReached: Turns = {
  decides: ({ end }) => end !== 'next-address',
  joinReasons: moreTelling,
}

/** Several hosts: those are passed over that are unreachable, not ready, or not of the wanted kind. */
export const firstDecided: Turns = {
  decides: ({ end }) => end === 'up' || end === 'stop',
  joinReasons: (one, other) => `${one}; ${other}`,
}

/**
 * Makes the attempts one after the other, until one decides. A place that accepts a connection is waited for, as libpq
 * does; one that is silent for a moment keeps no other waiting, as libpq's minutes are more than a check has.
 */
export const inTurn =
  (attempts: readonly Attempt[], turns: Turns): Attempt =>
  async (signal, reached) => {
    const over = new AbortController()
    try {
      return await race(attempts, AbortSignal.any([signal, over.signal]), reached, turns)
    } finally {
      over.abort()
    }
  }

const race = async (
  [attempt, ...rest]: readonly Attempt[],
  signal: AbortSignal,
  reached: () => void,
  turns: Turns,
): Promise<Outcome> => {
  if (attempt === undefined) {
    return { end: 'next-host', reason: 'name does not resolve', absent: true }
  }
  const accepted = Promise.withResolvers<void>()
  const first = attempt(signal, () => {
    accepted.resolve()
    reached()
  })
  if (rest.length === 0) return first
  const silent = sleep(stagger, undefined, { signal })
  const early = await Promise.race([first, accepted.promise.then(() => first), silent])
  if (early !== undefined && turns.decides(early)) return early
  return deciding(first, race(rest, signal, reached, turns), turns)
}

const deciding = async (
  one: Promise<Outcome>,
  other: Promise<Outcome>,
  { decides, joinReasons }: Turns,
): Promise<Outcome> => {
  const sooner = await Promise.race([one, other])
  if (decides(sooner)) return sooner
  const [first, second] = await Promise.all([one, other])
  const decisive = [first, second].find(decides)
  if (decisive !== undefined || first.end === 'up' || second.end === 'up') return decisive ?? first
  const reason = joinReasons(first.reason, second.reason)
  return { end: second.end, reason, absent: bothAbsent(first, second) }
}

type NotUp = Exclude<Outcome, { end: 'up' }>

/** An address that this machine has no way to says nothing: the other one counts. */
const bothAbsent = (one: NotUp, other: NotUp): boolean => {
  if (isUnroutable(one.reason)) return other.absent ?? false
  return Boolean(one.absent && (other.absent || isUnroutable(other.reason)))
}
