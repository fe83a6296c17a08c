/** The most commits that are remembered until the watch reaches them. */
const REMEMBERED = 1_000

/** Measures how far the server's own watch lags behind the commits that were made through the server. */
export class WatchLag {
  readonly #measured: (milliseconds: number) => void
  /** The time of the acknowledgement, by revision. */
  readonly #pending = new Map<number, number>()
  #seen = 0

  /** `measured` is called for each commit that the watch has reached. */
  constructor(measured: (milliseconds: number) => void) {
    this.#measured = measured
  }

  acknowledged(revision: number): void {
    if (revision <= this.#seen) this.#measured(0)
    else if (this.#pending.size < REMEMBERED) this.#pending.set(revision, performance.now())
  }

  /** Notes that the watch has reached this revision. */
  seen(revision: number): void {
    this.#seen = Math.max(this.#seen, revision)
    const now = performance.now()
    for (const [pending, at] of this.#pending) {
      if (pending > this.#seen) continue
      this.#pending.delete(pending)
      this.#measured(now - at)
    }
  }
}
