import type { IWatchCreateRequest } from 'etcd3'
import { backoff } from '../../base/backoff.ts'
import { now } from '../../base/clock.ts'
import { type CoordinationError, UnavailableError } from '../../base/errors.ts'
import type { Listing } from '../backend.ts'
import type { WatchQueue } from '../watch/watch-queue.ts'
import type { Cluster, Operation } from './cluster.ts'
import { rangeOf, revisionOf, toChange } from './codec.ts'
import { translate } from './failure.ts'
import type { Member } from './member.ts'
import type { WatchResponse } from './messages.ts'
import { readScope } from './range.ts'
import { WatchProgress } from './watch-progress.ts'

/** After a watch that lasted this long (milliseconds), the pauses before a new one are short again. */
const STABLE_AFTER = 5_000

export interface WatcherOptions {
  readonly cluster: Cluster
  readonly scope: string
  readonly queue: WatchQueue
  /** Milliseconds within which a server must answer. */
  readonly limit: number
}

/** Keeps one watch running: a snapshot, then the changes after it, and after every break a snapshot again. */
export class Watcher {
  readonly #options: WatcherOptions

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  /** Returns when the signal aborts, or when the queue has failed because trying again is hopeless. */
  async run(signal: AbortSignal): Promise<void> {
    const { queue } = this.#options
    while (!signal.aborted) {
      for (const pause of backoff()) {
        const began = now()
        const failure = await this.#once(signal)
        if (signal.aborted) return
        if (failure && isHopeless(failure)) return queue.fail(failure)
        if (failure) queue.interrupted(failure)
        await pause(signal)
        if (now() - began > STABLE_AFTER) break
      }
    }
  }

  /** Resolves when the watch has broken, with an error if the store is unreachable. A new snapshot repairs the rest. */
  async #once(signal: AbortSignal): Promise<CoordinationError | undefined> {
    const { cluster, queue } = this.#options
    try {
      const { listing, member } = await this.#read(signal)
      queue.snapshot(listing)
      await this.#follow(member, listing, signal)
      return undefined
    } catch (error) {
      return translate(error, cluster.address)
    }
  }

  /** Reads the scope. The server that answers is also asked for the changes, so it knows everything before them. */
  #read(signal: AbortSignal): Promise<{ listing: Listing; member: Member }> {
    const { cluster, scope, limit } = this.#options
    const read = readScope(scope)
    return cluster.call({ signal }, limit, async (services, member, ending) => ({
      listing: await read(services, member, ending),
      member,
    }))
  }

  async #follow(member: Member, listing: Listing, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { revision } = listing
    const { promise: broken, resolve } = Promise.withResolvers<void>()
    const breaks = () => resolve()
    const unconfirmed = setTimeout(breaks, this.#options.limit)
    const delivered = new WatchProgress(this.#options.scope, listing)
    const take = this.#reader(revision, delivered)
    const received = (response: WatchResponse) => {
      if (response.created) clearTimeout(unconfirmed)
      if (!take(response)) breaks()
    }
    const alive = (newest: number) => void this.#compare(delivered, newest, member, signal, breaks)
    const request = this.#requestFrom(revision + 1)
    const stop = member.connection.watch(request, { received, alive, ended: breaks })
    signal.addEventListener('abort', breaks, { once: true })
    await broken
    signal.removeEventListener('abort', breaks)
    clearTimeout(unconfirmed)
    stop()
  }

  #requestFrom(revision: number): IWatchCreateRequest {
    const { scope } = this.#options
    return {
      ...rangeOf(scope),
      start_revision: revision,
      progress_notify: true,
      fragment: true,
    }
  }

  /** Breaks a watch that has not reported what its store has. */
  async #compare(
    delivered: WatchProgress,
    newest: number,
    member: Member,
    signal: AbortSignal,
    breaks: () => void,
  ): Promise<void> {
    const { cluster, limit } = this.#options
    const ask = <T>(operation: Operation<T>) =>
      cluster.callMember(member, { signal }, limit, operation)
    if (await delivered.isBehind(newest, ask, signal).catch(() => false)) breaks()
  }

  /** Passes on what the server reports. Returns false if that ends the watch. */
  #reader(revision: number, delivered: WatchProgress): (response: WatchResponse) => boolean {
    let seen = revision
    return ({ canceled, header, events }) => {
      // A smaller revision is that of another store, which a name or a proxy now leads to.
      if (canceled || revisionOf(header.revision) < seen) return false
      // etcd before 3.4.38 may repeat events.
      const fresh = events.filter(({ kv }) => revisionOf(kv.mod_revision) >= seen)
      seen = fresh.reduce((newest, { kv }) => Math.max(newest, revisionOf(kv.mod_revision)), seen)
      const changes = fresh.map(toChange)
      delivered.changes(changes)
      this.#options.queue.changes(changes)
      return true
    }
  }
}

const isHopeless = (failure: CoordinationError): boolean =>
  !(failure instanceof UnavailableError && failure.retryable)
