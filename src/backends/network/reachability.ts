import { now } from '../../base/clock.ts'

/** Milliseconds after an answer of the store in which a write may be sent. */
const FRESH = 1_000

/**
 * Distinguishes "nothing listens" from "no answer came" without relying on the errors of a client library. A write is
 * sent only shortly after the store has answered something else. A failure before the write means that nothing was
 * sent. A failure of the write itself means that it may have been applied.
 */
export class Reachability {
  #provenAt = Number.NEGATIVE_INFINITY

  /** Calls `check`, unless the store has answered just now. */
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
