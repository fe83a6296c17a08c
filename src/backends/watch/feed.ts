import type { CoordinationError } from '../../base/errors.ts'
import type { Change, Listing } from '../backend.ts'
import { prefixesOf } from './scope.ts'
import { keyOf, revisionOf, WatchQueue } from './watch-queue.ts'

/** One watcher of a feed. The watcher reads `queue`; its first snapshot is passed to `begin`. */
export interface Subscription {
  readonly queue: WatchQueue
  /** False if the feed was reset since the watcher joined or last tried: the listing may be older than the reset. */
  begin(listing: Listing): boolean
}

interface Subscriber {
  readonly scope: string
  readonly queue: WatchQueue
  /** The revision of its last snapshot, which contains all changes up to it. */
  revision: number
  /** The watcher begins with its own listing, because what a reset reads may be older than its watch. */
  joining: boolean
  overtaken: boolean
  /** Asks for a fresh listing. Called if a reset is older than what the watcher has seen. */
  readonly rejoin: (() => void) | undefined
}

/**
 * Distributes one stream of a store's changes to many watchers, each with its own scope. The cost of a change depends
 * on the number of watchers of its key, not on the number of all watchers.
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

  get scopes(): string[] {
    return [...this.#scopes.keys()]
  }

  /**
   * Adds a watcher, which gets every change from now on, after its first snapshot. That snapshot is the feed's next
   * reset or the listing that is passed to `begin`; for a watcher that is `joining` it is only the latter.
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

  /** Restarts every watcher with the content of its scope, which `read` returns. */
  reset(read: (scope: string) => Listing): void {
    for (const [scope, subscribers] of this.#scopes) {
      const listing = read(scope)
      for (const subscriber of subscribers) {
        if (subscriber.joining) overtake(subscriber)
        else restart(subscriber, listing)
      }
    }
  }

  /** Reports an interruption to every watcher, without ending its watch. */
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

/**
 * A watcher that joined with its own listing may have seen more than the reset knows, or the store was recreated. In
 * both cases it asks for a fresh listing.
 */
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

/** Changes from before a reset may belong to another store. */
const overtake = (subscriber: Subscriber): void => {
  subscriber.overtaken = true
  subscriber.queue.forget()
}

/** A watcher that was reset in the meantime already has a snapshot. Then the listing counts only if it is newer. */
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
