import type { Traits } from '../../backends/backend.ts'

/**
 * How the time of a lease is spent: every length that a session waits for is reckoned here. All of them in milliseconds.
 *
 * A lease surely lives for its TTL from when the last renewal that succeeded was sent. At the end of that time nobody may
 * act on it any more (`margin`), and before COMMAND gets some time to end (`grace`). What is left, less the age of the last
 * renewal, is how long the store may be away.
 */
export interface LeaseTimes {
  /** From one renewal to the next. */
  readonly interval: number
  /** So long after it was sent a renewal's answer is still worth something; the next renewal does not wait for that. */
  readonly answerLimit: number
  readonly grace: number
  readonly margin: number
}

type Store = Pick<Traits, 'reach'>

/** The longest pause before a renewal that failed is tried again: so soon it is noticed that a store is back. */
export const MAX_RETRY_PAUSE = 500

/** More often nobody renews, however short the TTL. */
const MIN_INTERVAL = 250

const MAX_GRACE = 5_000

export const leaseTimes = (ttl: number, store: Store, grace = graceOf(ttl)): LeaseTimes => {
  const margin = marginOf(ttl)
  return { interval: intervalOf(ttl, store), answerLimit: ttl - margin - grace, grace, margin }
}

/**
 * How long the store may be away, whenever that begins, without COMMAND being told to end: from its last answer to when it
 * answers again. Never negative.
 */
export const outageSurvived = (ttl: number, store: Store, grace?: number): number => {
  const { interval, answerLimit } = leaseTimes(ttl, store, grace)
  return Math.max(0, answerLimit - interval - MAX_RETRY_PAUSE)
}

/** Whether renewals come in time where the store took so long to grant the lease: the first one takes as long again. */
export const canBeRenewed = ({ interval, answerLimit }: LeaseTimes, took: number): boolean =>
  2 * took + interval < answerLimit

const graceOf = (ttl: number): number => Math.min(ttl / 6, MAX_GRACE)

/** A store behind a network may go away for a while; and on a file each renewal is a write that wakes all who wait. */
const intervalOf = (ttl: number, { reach }: Store): number =>
  reach === 'network' ? Math.max(ttl / 15, MIN_INTERVAL) : ttl / 5

/** For a KILL that takes effect late, and for clocks that do not run equally fast: 0.1 % is twice what NTP may correct. */
const marginOf = (ttl: number): number => Math.min(500, ttl / 10) + ttl / 1_000
