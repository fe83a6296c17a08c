import type { Traits } from '../../backends/backend.ts'

/**
 * How a session spends the time of its lease. All its time limits are calculated here, in milliseconds.
 *
 * A lease certainly lives for its TTL from the moment when the last successful renewal was sent. At the end of this
 * time is the `margin`, in which no process may act on the lease. Before the margin is the `grace`, in which COMMAND
 * ends. The rest, minus the age of the last renewal, is the time for which the store may be away.
 */
export interface LeaseTimes {
  /** Time from one renewal to the next. */
  readonly interval: number
  /** Time after which the answer of a renewal is too late. The next renewal does not wait for this answer. */
  readonly answerLimit: number
  readonly grace: number
  readonly margin: number
}

type Store = Pick<Traits, 'reach'>

/** The longest pause before a failed renewal is sent again. It limits the delay until a returned store is noticed. */
export const MAX_RETRY_PAUSE = 500

/** The shortest interval between renewals on a store behind a network, however short the TTL is. */
const MIN_INTERVAL = 250

const MAX_GRACE = 5_000

export const leaseTimes = (ttl: number, store: Store, grace = graceOf(ttl)): LeaseTimes => {
  const margin = marginOf(ttl)
  return { interval: intervalOf(ttl, store), answerLimit: ttl - margin - grace, grace, margin }
}

/**
 * How long the store may be away, at any moment, before COMMAND has to end. This time counts from the last answer of
 * the store to its next answer. Milliseconds, never negative.
 */
export const outageSurvived = (ttl: number, store: Store, grace?: number): number => {
  const { interval, answerLimit } = leaseTimes(ttl, store, grace)
  return Math.max(0, answerLimit - interval - MAX_RETRY_PAUSE)
}

/**
 * Whether renewals succeed in time, if the store took `took` milliseconds to grant the lease. Assumes that the first
 * renewal takes as long.
 */
export const canBeRenewed = ({ interval, answerLimit }: LeaseTimes, took: number): boolean =>
  2 * took + interval < answerLimit

const graceOf = (ttl: number): number => Math.min(ttl / 6, MAX_GRACE)

/**
 * A store behind a network may be away for a while, so renewals are frequent. A file is rarely away, and each renewal
 * locks the file against other writers, so renewals are less frequent.
 */
const intervalOf = (ttl: number, { reach }: Store): number =>
  reach === 'network' ? Math.max(ttl / 15, MIN_INTERVAL) : ttl / 5

/**
 * Allows for a KILL that takes effect late, and for clocks that run at different speeds: 0.1 % is twice what NTP may
 * correct.
 */
const marginOf = (ttl: number): number => Math.min(500, ttl / 10) + ttl / 1_000
