import type { CoordinationError } from '../../base/errors.ts'
import type { Change, Listing } from '../backend.ts'
import { prefixesOf } from './scope.ts'
import { keyOf, revisionOf, WatchQueue } from './watch-queue.ts'

/** One watcher of a feed: read the queue, and give it its first snapshot by `begin`. */
export interface Subscription {
  readonly queue: WatchQueue
  /** False where the feed was reset since it joined, or since the last try: the listing may be from before that. */
  begin(listing: Listing): boolean
}

interface Subscriber {
  readonly scope: string
  readonly queue: WatchQueue
  /** The revision of its last snapshot: changes up to it are in there. */
  revision: number
  /** Begins with a snapshot of its own: what a reset reads may be older than the watch. */
  joining: boolean
  overtaken: boolean
  /** Asks for a fresh listing, where a reset is older than what the watcher has seen. */
  readonly rejoin: (() => void) | undefined
}

/**
 * Hands one stream of a store's changes on to many watchers, each of its own scope. The cost of a change depends on
 * who watches its key, not on how many watch.
 */
export class Feed {
  readonly #scopes = new Map<string, Set<Subscriber>>()
  readonly #emptied: () => void

  /** `emptied` is called when the last watcher has left. */
  constructor(emptied: () => void = () => {}) {
    this.#emptied = emptied
  }

  get empty(): boolean {
    return this.#scopes.size === 0
  }

  /** What is watched. */
  get scopes(): string[] {
    return [...this.#scopes.keys()]
  }

  /**
   * From now on the watcher gets every change, after the snapshot that it is to begin with: the feed's next reset,
   * or if it is `joining` only what `begin` is given.
   */
  subscribe(
    scope: string,
    signal: AbortSignal,
    { joining = false, rejoin }: { joining?: boolean; rejoin?: () => void } = {},
  ): Subscription {
    const cancel = () => {
      leave()
      queue.fail(signal.reason)
    }
    const leave = () => {
      signal.removeEventListener('abort', cancel)
      this.#remove(subscriber)
    }
    const queue = new WatchQueue(leave)
    const subscriber: Subscriber = { scope, queue, rejoin, revision: -1, joining, overtaken: false }
    this.#add(subscriber)
    if (signal.aborted) cancel()
    else signal.addEventListener('abort', cancel, { once: true })
    return { queue, begin: (listing) => begin(subscriber, listing) }
  }

  publish(changes: Iterable<Change>): void {
    for (const change of changes) {
      const key = keyOf(change)
      for (const scope of [key, ...prefixesOf(key)]) {
        for (const subscriber of this.#scopes.get(scope) ?? []) {
          if (revisionOf(change) > subscriber.revision) subscriber.queue.changes([change])
        }
      }
    }
  }

  /** Every watcher starts anew from what its scope holds. */
  reset(read: (scope: string) => Listing): void {
    for (const [scope, subscribers] of this.#scopes) {
      const listing = read(scope)
      for (const subscriber of subscribers) {
        if (subscriber.joining) overtake(subscriber)
        else restart(subscriber, listing)
      }
    }
  }

  /** Tells every watcher, without ending its watch. */
  interrupted(cause: CoordinationError): void {
    for (const subscriber of this.#subscribers()) subscriber.queue.interrupted(cause)
  }

  /** Ends every watch. */
  fail(reason: unknown): void {
    for (const subscriber of this.#subscribers()) subscriber.queue.fail(reason)
    this.#scopes.clear()
  }

  *#subscribers(): Iterable<Subscriber> {
    for (const subscribers of this.#scopes.values()) yield* subscribers
  }

  #add(subscriber: Subscriber): void {
    const there = this.#scopes.get(subscriber.scope)
    if (there) there.add(subscriber)
    else this.#scopes.set(subscriber.scope, new Set([subscriber]))
  }

  #remove(subscriber: Subscriber): void {
    const there = this.#scopes.get(subscriber.scope)
    if (!there?.delete(subscriber) || there.size > 0) return
    this.#scopes.delete(subscriber.scope)
    if (this.empty) this.#emptied()
  }
}

/** A watcher that joined by itself may have seen more than the reset knows; or the store was made anew. */
const restart = (subscriber: Subscriber, listing: Listing): void => {
  if (subscriber.rejoin && subscriber.revision > listing.revision) {
    subscriber.joining = true
    subscriber.revision = -1
    subscriber.queue.forget()
    subscriber.rejoin()
    return
  }
  subscriber.revision = listing.revision
  subscriber.queue.snapshot(listing)
}

/** Changes of before a reset may be those of another store. */
const overtake = (subscriber: Subscriber): void => {
  subscriber.overtaken = true
  subscriber.queue.forget()
}

/** One that was reset in the meantime already has a snapshot; then only a newer one counts. */
const begin = (subscriber: Subscriber, listing: Listing): boolean => {
  const overtaken = subscriber.overtaken
  subscriber.overtaken = false
  if (overtaken) return false
  subscriber.joining = false
  if (subscriber.revision >= listing.revision) return true
  subscriber.revision = listing.revision
  subscriber.queue.begin(listing)
  return true
}
