import type { Backend, Listing, WatchEvent } from '../backend.ts'
import { covers } from '../watch/scope.ts'
import { SharedWatches } from '../watch/shared-watch.ts'
import { Poll } from './poll.ts'
import type { Store } from './store.ts'

/**
 * The source of shared watches, where each costs a blocking query.
 *
 * Who joins a shared watch is given its snapshot out of that watch's own sequence of listings. By the index alone one
 * could not order a listing of a narrower scope among them: Consul's index is that of the prefix which was asked for.
 */
class Polls implements Pick<Backend, 'list' | 'watch'> {
  readonly #store: Store
  readonly #closing: AbortSignal
  readonly #running = new Set<Poll>()

  constructor(store: Store, closing: AbortSignal) {
    this.#store = store
    this.#closing = closing
  }

  async *watch(scope: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    const ending = AbortSignal.any([signal, this.#closing])
    const poll = new Poll(this.#store, scope, ending)
    this.#running.add(poll)
    try {
      yield* poll.events()
    } finally {
      this.#running.delete(poll)
    }
  }

  async list(scope: string, options: { readonly signal?: AbortSignal } = {}): Promise<Listing> {
    // The first one that covers it, as SharedWatches chooses too.
    const poll = [...this.#running].find((one) => !one.ended && covers(one.scope, scope))
    if (!poll) return this.#store.list(scope, options)
    const { entries, revision } = await poll.next()
    return { entries: entries.filter(({ key }) => covers(scope, key)), revision }
  }
}

/** Any number of watches with few connections, until `closing` aborts: then they end with its reason. */
export const sharedWatches = (store: Store, closing: AbortSignal): SharedWatches =>
  new SharedWatches(new Polls(store, closing))
