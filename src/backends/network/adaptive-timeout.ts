import { now } from '../../base/clock.ts'

/** So often (milliseconds) whoever waits on a silent connection has to hear something of the store. */
export const HEARTBEAT_INTERVAL = 2_000

/** So long (milliseconds) after a heartbeat was due its connection counts as dead: a dead one is noticed within 4.5 s. */
const HEARTBEAT_GRACE = 2_500

/**
 * How long a store may take to show that it lives. A slow store is told from a dead one by what it has taken before: it is
 * given twice that.
 */
export class AdaptiveTimeout {
  readonly #longest: number
  #took = 0

  /** `longest`: milliseconds that a single call may take. */
  constructor(longest: number) {
    this.#longest = longest
  }

  /** Milliseconds. */
  get limit(): number {
    return Math.min(this.#longest, Math.max(HEARTBEAT_GRACE, 2 * this.#took))
  }

  /** Asks the store for something, and remembers how long it has taken to answer. */
  async measure<T>(ask: () => Promise<T>): Promise<T> {
    const sent = now()
    const answer = await ask()
    this.#took = now() - sent
    return answer
  }
}

/** Of a stream on which a line comes with a heartbeat: so long (milliseconds) without one, and it is dead. */
export const silenceLimit = (interval: number): number =>
  interval + (HEARTBEAT_GRACE * interval) / HEARTBEAT_INTERVAL
