import { now } from '../../base/clock.ts'

/** So long (milliseconds) an answer vouches for the next write. */
const FRESH = 1_000

/**
 * Tells "nothing listens" from "no answer came" without reading a client library's mind: a write goes out only
 * shortly after the store has answered something else. What fails before then was never sent, and what fails
 * afterwards may have been applied.
 */
export class Reachability {
  #provenAt = Number.NEGATIVE_INFINITY

  /** Asks, by `look`, unless there was an answer just now. */
  async prove(check: () => Promise<unknown>): Promise<void> {
    if (now() - this.#provenAt < FRESH) return
    await check()
    this.answered()
  }

  answered(): void {
    this.#provenAt = now()
  }

  failed(): void {
    this.#provenAt = Number.NEGATIVE_INFINITY
  }
}
