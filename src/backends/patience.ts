import { now } from './clock.ts'

/** So often (milliseconds) whoever waits on a silent connection has to hear something of the store. */
export const BEAT = 2_000

/** So long (milliseconds) after a beat was due its connection counts as dead: a dead one is noticed within 4.5 s. */
const LATE = 2_500

/**
 * How long a store may take to show that it lives. A slow store is told from a dead one by what it has taken before: it is
 * given twice that.
 */
export class Patience {
  readonly #longest: number
  #took = 0

  /** `longest`: milliseconds that a single call may take. */
  constructor(longest: number) {
    this.#longest = longest
  }

  /** Milliseconds. */
  get limit(): number {
    return Math.min(this.#longest, Math.max(LATE, 2 * this.#took))
  }

  /** Asks the store for something, and remembers how long it has taken to answer. */
  async during<T>(ask: () => Promise<T>): Promise<T> {
    const sent = now()
    const answer = await ask()
    this.#took = now() - sent
    return answer
  }
}

/** Of a stream on which a line comes with each beat: so long (milliseconds) without one, and it is dead. */
export const silenceOf = (beat: number): number => beat + (LATE * beat) / BEAT
