/** So many commits that the watch has not come to yet are remembered. */
const REMEMBERED = 1_000

/** How far the server's own watch is behind the commits that were made through it. */
export class WatchLag {
  readonly #measured: (milliseconds: number) => void
  /** By revision: when it was acknowledged. */
  readonly #pending = new Map<number, number>()
  #seen = 0

  /** `measured` is told of each commit that the watch has come to. */
  constructor(measured: (milliseconds: number) => void) {
    this.#measured = measured
  }

  acknowledged(revision: number): void {
    if (revision <= this.#seen) this.#measured(0)
    else if (this.#pending.size < REMEMBERED) this.#pending.set(revision, performance.now())
  }

  /** The watch has come to this revision. */
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
