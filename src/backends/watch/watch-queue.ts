import type { CoordinationError } from '../../base/errors.ts'
import type { Change, Listing, WatchEvent } from '../backend.ts'

export const keyOf = (change: Change): string =>
  change.kind === 'put' ? change.entry.key : change.key

/** The revision of the commit that made the change, or for a deletion the revision at which the key was absent. */
export const revisionOf = (change: Change): number =>
  change.kind === 'put' ? change.entry.modRevision : change.revision

/**
 * A buffer between a store's notifications and one reader of a watch. It keeps only the newest change of each key, so a
 * reader that is slow or stopped costs no more memory than the scope has keys.
 */
export class WatchQueue implements AsyncIterable<WatchEvent> {
  #snapshot: (Listing & { reset: boolean }) | undefined
  #changes = new Map<string, Change>()
  #interrupted: CoordinationError | undefined
  #failure: { readonly reason: unknown } | undefined
  #started = false
  #wake: (() => void) | undefined
  readonly #ended: () => void

  /** `ended` is called when the reader leaves, for whatever reason. */
  constructor(ended: () => void = () => {}) {
    this.#ended = ended
  }

  /** Replaces everything that the reader has not read yet. The first snapshot is never a reset. */
  snapshot(listing: Listing): void {
    const reset = this.#snapshot ? this.#snapshot.reset : this.#started
    this.#started = true
    this.#snapshot = { ...listing, reset }
    this.#changes.clear()
    this.#interrupted = undefined
    this.#notify()
  }

  /** Adds the first snapshot, before which changes may have arrived. Those that are newer than it follow it. */
  begin(listing: Listing): void {
    const newer = [...this.#changes].filter(([, change]) => revisionOf(change) > listing.revision)
    this.snapshot(listing)
    this.#changes = new Map(newer)
  }

  changes(changes: Iterable<Change>): void {
    for (const change of changes) this.#changes.set(keyOf(change), change)
    if (this.#started && this.#changes.size > 0) this.#notify()
  }

  /** Drops the changes that the reader has not read yet. */
  forget(): void {
    this.#changes.clear()
  }

  interrupted(cause: CoordinationError): void {
    this.#interrupted = cause
    this.#notify()
  }

  /** Ends the watch: the reader's next step rejects with the reason. */
  fail(reason: unknown): void {
    this.#failure ??= { reason }
    this.#notify()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent, never> {
    try {
      for (;;) {
        const event = this.#take()
        if (event) yield event
        else await this.#arrival()
      }
    } finally {
      this.#ended()
    }
  }

  #take(): WatchEvent | undefined {
    if (this.#failure) throw this.#failure.reason
    if (this.#snapshot) {
      const snapshot = this.#snapshot
      this.#snapshot = undefined
      return { kind: 'snapshot', ...snapshot }
    }
    if (this.#started && this.#changes.size > 0) {
      const changes = [...this.#changes.values()]
      this.#changes.clear()
      return { kind: 'changes', changes }
    }
    if (this.#interrupted) {
      const cause = this.#interrupted
      this.#interrupted = undefined
      return { kind: 'interrupted', cause }
    }
    return undefined
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve
    })
  }

  #notify(): void {
    this.#wake?.()
    this.#wake = undefined
  }
}
