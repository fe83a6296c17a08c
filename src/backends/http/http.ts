import { LostError } from '../../errors.ts'
import type {
  Backend,
  CallOptions,
  Claimable,
  ClaimResult,
  CommitResult,
  Diagnosable,
  Diagnosis,
  Entry,
  Guard,
  Lease,
  Listing,
  Observant,
  Traits,
  WaitEnd,
  Waiter,
  Waiters,
  WatchEvent,
  Write,
} from '../backend.ts'
import { checkCommit } from '../operations.ts'
import { SharedWatches } from '../shared-watch.ts'
import type { ServerAddress } from './address.ts'
import { announce } from './announce.ts'
import { follow } from './follow.ts'
import { Remote } from './remote.ts'
import {
  claimFromWire,
  entryFromWire,
  listingFromWire,
  resultFromWire,
  writeToWire,
} from './wire.ts'

export interface HttpOptions {
  readonly server: ServerAddress
  /** Milliseconds after which a single call is given up. Default 5000. */
  readonly callLimit?: number
}

/**
 * A store behind a rendezvous server. Its traits are the server's; whether processes live it cannot see, but the server
 * sees who waits.
 */
export class HttpBackend implements Backend, Diagnosable, Observant {
  readonly address: string
  readonly traits: Traits
  readonly sharesWatches = true
  readonly #remote: Remote
  readonly #watches: SharedWatches
  readonly #closed = new AbortController()

  protected constructor(remote: Remote, traits: Traits) {
    this.address = remote.address
    // An older server names none.
    const { defaultTtl = 15_000 } = traits
    const own = { name: 'http', reach: 'network', seesDeath: false, waiters: 'known' } as const
    this.traits = { ...traits, ...own, defaultTtl }
    this.#remote = remote
    this.#watches = new SharedWatches({
      list: (scope, options) => this.list(scope, options),
      watch: (scope, signal) => follow(remote, scope, this.#either(signal)),
    })
  }

  /** @throws UnavailableError the server is out of reach, is none of ours or speaks another protocol. */
  static async open(
    { server, callLimit }: HttpOptions,
    options: CallOptions = {},
  ): Promise<HttpBackend> {
    const remote = new Remote(server, callLimit)
    try {
      const { traits, claims } = await remote.greet(options)
      return claims ? new ClaimingHttpBackend(remote, traits) : new HttpBackend(remote, traits)
    } catch (error) {
      remote.close()
      throw error
    }
  }

  async get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    const { entry } = await this.#remote.ask('get', { key }, options)
    return entry && entryFromWire(entry)
  }

  async list(
    scope: string,
    { after, limit, ...options }: CallOptions & { after?: string; limit?: number } = {},
  ): Promise<Listing> {
    return listingFromWire(await this.#remote.ask('list', { scope, after, limit }, options))
  }

  async commit(
    guards: readonly Guard[],
    writes: readonly Write[],
    options?: CallOptions,
  ): Promise<CommitResult> {
    checkCommit(guards, writes, this.traits)
    const body = { guards, writes: writes.map(writeToWire) }
    return resultFromWire(await this.#remote.askOnce('commit', body, options))
  }

  watch(scope: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    return this.#watches.watch(scope, signal)
  }

  async grant(ttl: number, options?: CallOptions): Promise<Lease> {
    const lease = await this.#remote.ask('grant', { ttl }, options)
    return { id: lease.id, ttl: lease.ttl }
  }

  async renew(id: string, options?: CallOptions): Promise<number> {
    return (await this.#remote.ask('renew', { id }, options)).ttl
  }

  async revoke(id: string, options?: CallOptions): Promise<void> {
    await this.#remote.ask('revoke', { id }, options)
  }

  async diagnose(options?: CallOptions): Promise<Diagnosis> {
    const { version, warnings } = await this.#remote.ask('diagnose', {}, options)
    return { version, warnings }
  }

  announce(namespace: string, waiter: Waiter, signal: AbortSignal): Promise<void> {
    return announce(this.#remote, { namespace, waiter }, this.#either(signal))
  }

  async conclude(
    namespace: string,
    id: string,
    end: WaitEnd,
    options?: CallOptions,
  ): Promise<void> {
    await this.#remote.ask('conclude', { namespace, id, ...end }, options)
  }

  async waiters(namespace: string, options?: CallOptions): Promise<Waiters> {
    const { waiters, unlisted } = await this.#remote.ask('waiters', { namespace }, options)
    return { waiters, unlisted }
  }

  async close(): Promise<void> {
    this.#closed.abort(new LostError(`${this.address} was closed`))
    this.#remote.close()
  }

  #either(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closed.signal])
  }
}

/** One whose store has the extension, so that its clients and direct clients of the store exclude each other. */
class ClaimingHttpBackend extends HttpBackend implements Claimable {
  readonly #remote: Remote

  constructor(remote: Remote, traits: Traits) {
    super(remote, traits)
    this.#remote = remote
  }

  async claim(
    name: string,
    slots: number,
    session: string,
    options?: CallOptions,
  ): Promise<ClaimResult> {
    return claimFromWire(await this.#remote.askOnce('claim', { name, slots, session }, options))
  }

  async claimed(
    name: string,
    slots: number,
    session: string,
    options?: CallOptions,
  ): Promise<boolean> {
    return (await this.#remote.ask('claimed', { name, slots, session }, options)).claimed
  }

  async release(
    name: string,
    slots: number,
    session: string,
    options?: CallOptions,
  ): Promise<void> {
    await this.#remote.askOnce('release', { name, slots, session }, options)
  }
}
