import type { IWatchCreateRequest } from 'etcd3'
import { backoff } from '../../backoff.ts'
import { type CoordinationError, UnavailableError } from '../../errors.ts'
import type { Listing } from '../backend.ts'
import { now } from '../clock.ts'
import type { WatchQueue } from '../watch-queue.ts'
import type { Cluster, Question } from './cluster.ts'
import { rangeOf, revisionOf, toChange } from './codec.ts'
import { translate } from './failure.ts'
import type { Member } from './member.ts'
import type { WatchAnswer } from './messages.ts'
import { readScope } from './range.ts'
import { Told } from './told.ts'

/** A watch that held so long (milliseconds) was sound: its end is no reason to be slow in beginning again. */
const SOUND = 5_000

export interface WatcherOptions {
  readonly cluster: Cluster
  readonly scope: string
  readonly queue: WatchQueue
  /** Milliseconds within which a server is to answer. */
  readonly limit: number
}

/** Keeps one watch going: a snapshot, what changes after it, and from a snapshot again after every break. */
export class Watcher {
  readonly #options: WatcherOptions

  constructor(options: WatcherOptions) {
    this.#options = options
  }

  /** Returns when the signal aborts, or when the queue was told that going on is hopeless. */
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
        if (now() - began > SOUND) break
      }
    }
  }

  /** Resolves when the watch has broken, to why the store is out of reach if it is: the next snapshot heals the rest. */
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

  /** The server that answers is asked for what follows too, so that it knows of all that came before. */
  #read(signal: AbortSignal): Promise<{ listing: Listing; member: Member }> {
    const { cluster, scope, limit } = this.#options
    const read = readScope(scope)
    return cluster.ask({ signal }, limit, async (services, member, ending) => ({
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
    const told = new Told(this.#options.scope, listing)
    const take = this.#reader(revision, told)
    const said = (response: WatchAnswer) => {
      if (response.created) clearTimeout(unconfirmed)
      if (!take(response)) breaks()
    }
    const lives = (newest: number) => void this.#compare(told, newest, member, signal, breaks)
    const request = this.#requestFrom(revision + 1)
    const stop = member.connection.watch(request, { said, lives, ended: breaks })
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

  /** Breaks a watch that has not told what its store has. */
  async #compare(
    told: Told,
    newest: number,
    member: Member,
    signal: AbortSignal,
    breaks: () => void,
  ): Promise<void> {
    const { cluster, limit } = this.#options
    const ask = <T>(question: Question<T>) => cluster.tell(member, { signal }, limit, question)
    if (await told.misses(newest, ask, signal).catch(() => false)) breaks()
  }

  /** Hands on what the server says, and tells false when that ends the watch. */
  #reader(revision: number, told: Told): (response: WatchAnswer) => boolean {
    let seen = revision
    return ({ canceled, header, events }) => {
      // A smaller revision is that of another store, to which a name or a proxy led us.
      if (canceled || revisionOf(header.revision) < seen) return false
      // etcd before 3.4.38 may repeat events.
      const fresh = events.filter(({ kv }) => revisionOf(kv.mod_revision) >= seen)
      seen = fresh.reduce((newest, { kv }) => Math.max(newest, revisionOf(kv.mod_revision)), seen)
      const changes = fresh.map(toChange)
      told.changes(changes)
      this.#options.queue.changes(changes)
      return true
    }
  }
}

const isHopeless = (failure: CoordinationError): boolean =>
  !(failure instanceof UnavailableError && failure.retryable)
