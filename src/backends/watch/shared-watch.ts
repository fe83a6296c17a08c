import { backoff } from '../../base/backoff.ts'
import { UnavailableError } from '../../base/errors.ts'
import type { Backend, Entry, Listing, WatchEvent } from '../backend.ts'
import { Feed, type Subscription } from './feed.ts'
import { covers, isPrefix, prefixesOf } from './scope.ts'

/** The number of watches that use exactly the scope of their first watcher. Further watches use a wider scope. */
const MAX_OWN_WATCHES = 12

type Source = Pick<Backend, 'list' | 'watch'>

/** One watch on the store, and the feed of its watchers. */
interface Upstream {
  readonly scope: string
  readonly feed: Feed
}

/**
 * Lets any number of watchers share a few watches on the store, where each watch costs a connection.
 *
 * A watcher joins a running watch that covers its scope. Beyond a dozen watches, a new watch covers the first two
 * segments of its scope (such as all signals of a namespace). Beyond two dozen, it covers the first segment.
 */
export class SharedWatches {
  readonly #source: Source
  readonly #upstreams = new Map<string, Upstream>()

  constructor(source: Source) {
    this.#source = source
  }

  async *watch(scope: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    signal.throwIfAborted()
    const running = [...this.#upstreams.values()].find((upstream) => covers(upstream.scope, scope))
    const upstream = running ?? this.#open(this.#fitting(scope))
    if (!running) return yield* upstream.feed.subscribe(scope, signal).queue
    // The watcher that opened the watch begins with its first snapshot. A watcher that joins later needs a fresh
    // listing.
    const rejoin = () => void this.#begin(subscription, scope, signal)
    const subscription = upstream.feed.subscribe(scope, signal, { joining: true, rejoin })
    rejoin()
    yield* subscription.queue
  }

  #fitting(scope: string): string {
    if (this.#upstreams.size < MAX_OWN_WATCHES) return scope
    const prefixes = prefixesOf(scope)
    const wide = this.#upstreams.size < 2 * MAX_OWN_WATCHES ? prefixes[1] : prefixes[0]
    return wide ?? prefixes[0] ?? scope
  }

  #open(scope: string): Upstream {
    const stop = new AbortController()
    const feed = new Feed(() => {
      this.#upstreams.delete(scope)
      stop.abort()
    })
    const upstream = { scope, feed }
    this.#upstreams.set(scope, upstream)
    void this.#run(upstream, stop.signal)
    return upstream
  }

  async #run({ scope, feed }: Upstream, stop: AbortSignal): Promise<void> {
    try {
      for await (const event of this.#source.watch(scope, stop)) {
        if (event.kind === 'snapshot') feed.reset(within(event))
        else if (event.kind === 'changes') feed.publish(event.changes)
        else feed.interrupted(event.cause)
      }
    } catch (error) {
      if (stop.aborted) return
      this.#upstreams.delete(scope)
      feed.fail(error)
    }
  }

  async #begin(subscription: Subscription, scope: string, signal: AbortSignal): Promise<void> {
    for (const pause of backoff()) {
      try {
        if (subscription.begin(await this.#source.list(scope, { signal }))) return
      } catch (error) {
        if (signal.aborted) return
        if (!(error instanceof UnavailableError && error.retryable)) {
          return subscription.queue.fail(error)
        }
        subscription.queue.interrupted(error)
      }
      await pause(signal)
    }
  }
}

/** Selects the part of a snapshot that lies within a narrower scope. */
const within = ({ entries, revision }: Listing): ((scope: string) => Listing) => {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]))
  return (scope) => ({ entries: select(byKey, scope), revision })
}

const select = (byKey: ReadonlyMap<string, Entry>, scope: string): Entry[] => {
  if (isPrefix(scope)) return [...byKey.values()].filter(({ key }) => key.startsWith(scope))
  const entry = byKey.get(scope)
  return entry ? [entry] : []
}
