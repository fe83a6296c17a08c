import type { Backend, Listing, WatchEvent } from '../backend.ts'
import { covers } from '../watch/scope.ts'
import { SharedWatches } from '../watch/shared-watch.ts'
import { Poll } from './poll.ts'
import type { Store } from './store.ts'

/**
 * The source of shared watches. Each watch on it costs a blocking query.
 *
 * A watcher that joins a shared watch gets its snapshot from that watch's own sequence of listings. The index alone
 * could not order a listing of a narrower scope among them, because Consul's index is that of the requested prefix.
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
    // The first poll that covers the scope, since SharedWatches also chooses the first.
    const poll = [...this.#running].find((one) => !one.ended && covers(one.scope, scope))
    if (!poll) return this.#store.list(scope, options)
    const { entries, revision } = await poll.next()
    return { entries: entries.filter(({ key }) => covers(scope, key)), revision }
  }
}

/** Any number of watches with few connections. When `closing` aborts, they end with its reason. */
export const sharedWatches = (store: Store, closing: AbortSignal): SharedWatches =>
  new SharedWatches(new Polls(store, closing))
