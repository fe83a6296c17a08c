import { backoff } from '../../base/backoff.ts'
import { UnavailableError } from '../../base/errors.ts'
import type { Backend, Entry, Listing, WatchEvent } from '../backend.ts'
import { Feed, type Subscription } from './feed.ts'
import { covers, isPrefix, prefixesOf } from './scope.ts'

/** So many watches of their own run at once; the next ones share a wider one. */
const MAX_OWN_WATCHES = 12

type Source = Pick<Backend, 'list' | 'watch'>

/** One watch on the store, and those who read it. */
interface Upstream {
  readonly scope: string
  readonly feed: Feed
}

/**
 * Lets any number of watchers share few watches on the store, where each costs a connection.
 *
 * Watchers whose scope lies within a running watch join it. Beyond a dozen different ones the next watch is on the
 * first two segments of its scope (all signals of a namespace, say), which many fit in.
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
    // The one who opened the watch begins with its first snapshot; who joins later needs one that is fresh.
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

/** What each scope holds of a wider snapshot. */
const within = ({ entries, revision }: Listing): ((scope: string) => Listing) => {
  const byKey = new Map(entries.map((entry) => [entry.key, entry]))
  return (scope) => ({ entries: select(byKey, scope), revision })
}

const select = (byKey: ReadonlyMap<string, Entry>, scope: string): Entry[] => {
  if (isPrefix(scope)) return [...byKey.values()].filter(({ key }) => key.startsWith(scope))
  const entry = byKey.get(scope)
  return entry ? [entry] : []
}
