import { setImmediate as otherWork, setTimeout as sleep } from 'node:timers/promises'
import { backoff, type Pause } from '../../base/backoff.ts'
import { now } from '../../base/clock.ts'
import { UnavailableError } from '../../base/errors.ts'
import type { Change, Entry, Listing, WatchEvent } from '../backend.ts'
import { revisionOf, WatchQueue } from '../watch/watch-queue.ts'
import type { Store } from './store.ts'

/** In the long run, checks that find nothing new are at least this many milliseconds apart. */
const EMPTY_CHECK_INTERVAL = 50
/** The number of such checks that may follow each other without a pause. */
const BURST = 20

/** After a check, the next one comes after this many milliseconds at the latest, whatever Consul's index says. */
const STALE = 10_000

const JOINED = Symbol('joined')

/** A listing's revision and entries by key. */
interface Seen {
  readonly revision: number
  readonly entries: ReadonlyMap<string, Entry>
}

/**
 * Follows one scope. A blocking query shows that something may have changed, and then a consistent listing shows what.
 *
 * All events come from listings that are made one after the other, so none is older than the one before it. Consul's
 * index is used only to wake the poll. Even that fails if a client deletes recursively from above the scope: the index
 * may stay the same or go back. Then the next listing, after ten seconds at most, shows the deletion.
 */
export class Poll {
  readonly scope: string
  readonly #store: Store
  readonly #signal: AbortSignal
  readonly #queue: WatchQueue
  #seen: Seen | undefined
  /** Whether something may have been missed since the last listing, for example because the store was emptied. */
  #broken = false
  #blocked: Promise<boolean> | undefined
  #joiners: PromiseWithResolvers<Listing>[] = []
  #joined = Promise.withResolvers<typeof JOINED>()
  /** When the next check without news would be due if such checks were evenly spread. */
  #due = 0

  /** `signal` ends the poll. */
  constructor(store: Store, scope: string, signal: AbortSignal) {
    this.#store = store
    this.scope = scope
    this.#signal = signal
    this.#queue = new WatchQueue()
  }

  get ended(): boolean {
    return this.#signal.aborted
  }

  async *events(): AsyncGenerator<WatchEvent> {
    void this.#run()
    yield* this.#queue
  }

  /** The content of the scope, from a listing that begins after this call. */
  next(): Promise<Listing> {
    const joiner = Promise.withResolvers<Listing>()
    this.#joiners.push(joiner)
    this.#joined.resolve(JOINED)
    return joiner.promise
  }

  async #run(): Promise<void> {
    try {
      await this.#follow()
    } catch (error) {
      this.#queue.fail(error)
      for (const joiner of this.#joiners) joiner.reject(error)
    }
  }

  async #follow(): Promise<never> {
    let pauses = backoff()
    for (;;) {
      try {
        const news = await this.#check()
        // The watchers that get the news may be in a hurry; the next query is not.
        await (news ? otherWork() : this.#pace())
        await this.#hint()
        pauses = backoff()
      } catch (error) {
        await this.#interrupted(error, pauses.next().value)
      }
    }
  }

  /** Returns whether there was anything new, or a watcher had joined. */
  async #check(): Promise<boolean> {
    const joiners = this.#joiners
    this.#joiners = []
    this.#joined = Promise.withResolvers()
    try {
      const listing = await this.#store.connection.twice(() =>
        this.#store.list(this.scope, { signal: this.#signal }),
      )
      const news = this.#tell(listing)
      for (const joiner of joiners) joiner.resolve(listing)
      return news || joiners.length > 0
    } catch (error) {
      this.#joiners.push(...joiners)
      throw error
    }
  }

  #tell(listing: Listing): boolean {
    const entries = new Map(listing.entries.map((entry) => [entry.key, entry]))
    const before = this.#broken ? undefined : this.#seen
    const changes = before && changesBetween(before, listing, entries)
    this.#seen = { revision: listing.revision, entries }
    this.#broken = false
    if (changes) this.#queue.changes(changes)
    else this.#queue.snapshot(listing)
    return changes?.length !== 0
  }

  /** Resolves when something may have changed, when a watcher joins, or after `STALE`. */
  async #hint(): Promise<void> {
    for (const stale = now() + STALE; now() < stale; ) {
      this.#blocked ??= this.#block()
      try {
        const first = await Promise.race([this.#blocked, this.#joined.promise])
        if (first === JOINED) return
        this.#blocked = undefined
        if (first) return
      } catch (error) {
        this.#blocked = undefined
        throw error
      }
    }
  }

  #block(): Promise<boolean> {
    const revision = this.#seen?.revision ?? 0
    const blocked = this.#store.changed(this.scope, revision, this.#signal)
    blocked.catch(() => {}) // A failure is handled where the promise is awaited.
    return blocked
  }

  /** A blocking query on an absent key returns at every write to the store. Not every such write may cost a check. */
  async #pace(): Promise<void> {
    this.#due = Math.max(this.#due, now() - BURST * EMPTY_CHECK_INTERVAL) + EMPTY_CHECK_INTERVAL
    const early = this.#due - now()
    if (early <= 0) return
    const pause = sleep(early, undefined, { signal: this.#signal }).catch(() => {})
    await Promise.race([pause, this.#joined.promise])
  }

  async #interrupted(error: unknown, pause: Pause): Promise<void> {
    this.#signal.throwIfAborted()
    if (!(error instanceof UnavailableError && error.retryable)) throw error
    this.#broken = true
    this.#queue.interrupted(error)
    await pause(this.#signal)
    this.#signal.throwIfAborted()
  }
}

/**
 * The changes between two listings. `undefined` if the revisions do not rise as they do within one store, because the
 * store was emptied or restored, or has forgotten deletions. Then a watcher that joined at a revision could not
 * distinguish new from old.
 */
const changesBetween = (
  before: Seen,
  { revision }: Listing,
  entries: ReadonlyMap<string, Entry>,
): Change[] | undefined => {
  const changes: Change[] = [
    ...[...before.entries.keys()]
      .filter((key) => !entries.has(key))
      .map((key) => ({ kind: 'delete', key, revision }) as const),
    ...[...entries.values()]
      .filter(({ key, modRevision }) => before.entries.get(key)?.modRevision !== modRevision)
      .map((entry) => ({ kind: 'put', entry }) as const),
  ]
  const rising = changes.every((change) => revisionOf(change) > before.revision)
  return rising && revision >= before.revision ? changes : undefined
}
