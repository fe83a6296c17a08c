import { setTimeout as sleep } from 'node:timers/promises'
import { isUnroutable, moreTelling } from '../../base/reason.ts'
import type { Outcome } from './outcome.ts'

/** RFC 8305's recommended delay between connection attempts, in milliseconds. */
const stagger = 250

/** An attempt at one place. It calls `reached` once a server there accepts a connection. */
export type Attempt = (signal: AbortSignal, reached: () => void) => Promise<Outcome>

/** The rules by which attempts at several places give one outcome. */
interface Turns {
  /** Whether an outcome is final, so that later places are not tried. */
  readonly decides: (outcome: Outcome) => boolean
  readonly joinReasons: (one: string, other: string) => string
}

/**
 * For the addresses of one host: the first address that accepts a connection counts, so only unreachable addresses are
 * passed over.
 */
export const firstReached: Turns = {
  decides: ({ end }) => end !== 'next-address',
  joinReasons: moreTelling,
}

/** For several hosts: a host is passed over if it is unreachable, not ready, or not of the wanted kind. */
export const firstDecided: Turns = {
  decides: ({ end }) => end === 'up' || end === 'stop',
  joinReasons: (one, other) => `${one}; ${other}`,
}

/**
 * Makes the attempts one after the other, until one decides. As in libpq, an attempt whose server has accepted a
 * connection is awaited. If no server has accepted a connection after 250 ms, the attempt goes on, but the next one
 * begins: libpq waits for minutes, which is more time than a check has.
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
  const silent = sleep(stagger, 'silent', { signal })
  if ((await Promise.race([first, accepted.promise, silent])) !== 'silent') {
    const outcome = await first
    if (turns.decides(outcome)) return outcome
  }
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

/** If this machine has no route to one address, only the other address counts. */
const bothAbsent = (one: NotUp, other: NotUp): boolean => {
  if (isUnroutable(one.reason)) return other.absent ?? false
  return Boolean(one.absent && (other.absent || isUnroutable(other.reason)))
}
