import { now } from '../../base/clock.ts'

/** A process that waits on a silent connection must hear from the store within this interval (milliseconds). */
export const HEARTBEAT_INTERVAL = 2_000

/** A connection is dead this many milliseconds after a heartbeat was due. A dead one is noticed within 4.5 s. */
const HEARTBEAT_GRACE = 2_500

/**
 * The time that a store may take to show that it is alive. To distinguish a slow store from a dead one, it allows twice
 * the duration of the last call that was answered, but at least 2.5 s.
 */
export class AdaptiveTimeout {
  readonly #longest: number
  #took = 0

  /** `longest`: milliseconds that a single call may take. */
  constructor(longest: number) {
    this.#longest = longest
  }

  /** The current limit, in milliseconds. */
  get limit(): number {
    return Math.min(this.#longest, Math.max(HEARTBEAT_GRACE, 2 * this.#took))
  }

  /** Makes a call to the store. If the store answers, the duration of the call is remembered. */
  async measure<T>(ask: () => Promise<T>): Promise<T> {
    const sent = now()
    const answer = await ask()
    this.#took = now() - sent
    return answer
  }
}

/** For a stream with a line every `interval` milliseconds: milliseconds of silence after which it is dead. */
export const silenceLimit = (interval: number): number =>
  interval + (HEARTBEAT_GRACE * interval) / HEARTBEAT_INTERVAL
