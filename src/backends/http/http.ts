import { LostError } from '../../base/errors.ts'
import type {
  Backend,
  CallOptions,
  Claimable,
  ClaimResult,
  CommitResult,
  Diagnosable,
  Diagnosis,
  Entry,
  Lease,
  Listing,
  Precondition,
  Traits,
  WaitEnd,
  Waiter,
  WaiterRegistry,
  Waiters,
  WatchEvent,
  Write,
} from '../backend.ts'
import { checkCommit } from '../operations.ts'
import { SharedWatches } from '../watch/shared-watch.ts'
import type { ServerAddress } from './address.ts'
import { announce } from './announce.ts'
import { follow } from './follow.ts'
import { RendezvousClient } from './rendezvous-client.ts'
import {
  claimFromWire,
  entryFromWire,
  listingFromWire,
  preconditionToWire,
  resultFromWire,
  writeToWire,
} from './wire.ts'

export interface HttpOptions {
  readonly server: ServerAddress
  /** Milliseconds after which a single call is given up. Default 5000. */
  readonly callLimit?: number
}

/**
 * A store behind a rendezvous server. Its limits are the server's. The backend cannot see whether processes are alive,
 * but the server knows the waiters.
 */
export class HttpBackend implements Backend, Diagnosable, WaiterRegistry {
  readonly address: string
  readonly traits: Traits
  readonly sharesWatches = true
  readonly #client: RendezvousClient
  readonly #watches: SharedWatches
  readonly #closed = new AbortController()

  protected constructor(client: RendezvousClient, traits: Traits) {
    this.address = client.address
    // An older server does not send `defaultTtl`.
    const { defaultTtl = 15_000 } = traits
    const own = { name: 'http', reach: 'network', seesDeath: false, waiters: 'known' } as const
    this.traits = { ...traits, ...own, defaultTtl }
    this.#client = client
    this.#watches = new SharedWatches({
      list: (scope, options) => this.list(scope, options),
      watch: (scope, signal) => follow(client, scope, this.#either(signal)),
    })
  }

  /** @throws UnavailableError the server is unreachable, is not a rendezvous server, or speaks another protocol. */
  static async open(
    { server, callLimit }: HttpOptions,
    options: CallOptions = {},
  ): Promise<HttpBackend> {
    const client = new RendezvousClient(server, callLimit)
    try {
      const { traits, claims } = await client.greet(options)
      return claims ? new ClaimingHttpBackend(client, traits) : new HttpBackend(client, traits)
    } catch (error) {
      client.close()
      throw error
    }
  }

  async get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    const { entry } = await this.#client.call('get', { key }, options)
    return entry && entryFromWire(entry)
  }

  async list(
    scope: string,
    { after, limit, ...options }: CallOptions & { after?: string; limit?: number } = {},
  ): Promise<Listing> {
    return listingFromWire(await this.#client.call('list', { scope, after, limit }, options))
  }

  async commit(
    preconditions: readonly Precondition[],
    writes: readonly Write[],
    options?: CallOptions,
  ): Promise<CommitResult> {
    checkCommit(preconditions, writes, this.traits)
    const body = { guards: preconditions.map(preconditionToWire), writes: writes.map(writeToWire) }
    return resultFromWire(await this.#client.callOnce('commit', body, options))
  }

  watch(scope: string, signal: AbortSignal): AsyncIterable<WatchEvent> {
    return this.#watches.watch(scope, signal)
  }

  async grant(ttl: number, options?: CallOptions): Promise<Lease> {
    const lease = await this.#client.call('grant', { ttl }, options)
    return { id: lease.id, ttl: lease.ttl }
  }

  async renew(id: string, options?: CallOptions): Promise<number> {
    return (await this.#client.call('renew', { id }, options)).ttl
  }

  async revoke(id: string, options?: CallOptions): Promise<void> {
    await this.#client.call('revoke', { id }, options)
  }

  async diagnose(options?: CallOptions): Promise<Diagnosis> {
    const { version, warnings } = await this.#client.call('diagnose', {}, options)
    return { version, warnings }
  }

  announce(namespace: string, waiter: Waiter, signal: AbortSignal): Promise<void> {
    return announce(this.#client, { namespace, waiter }, this.#either(signal))
  }

  async conclude(
    namespace: string,
    id: string,
    end: WaitEnd,
    options?: CallOptions,
  ): Promise<void> {
    await this.#client.call('conclude', { namespace, id, ...end }, options)
  }

  async waiters(namespace: string, options?: CallOptions): Promise<Waiters> {
    const { waiters, unlisted } = await this.#client.call('waiters', { namespace }, options)
    return { waiters, unlisted }
  }

  async close(): Promise<void> {
    this.#closed.abort(new LostError(`${this.address} was closed`))
    this.#client.close()
  }

  #either(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closed.signal])
  }
}

/** A server whose store is `Claimable`. Its clients and direct clients of the store exclude each other. */
class ClaimingHttpBackend extends HttpBackend implements Claimable {
  readonly #client: RendezvousClient

  constructor(client: RendezvousClient, traits: Traits) {
    super(client, traits)
    this.#client = client
  }

  async claim(
    name: string,
    slots: number,
    lease: string,
    options?: CallOptions,
  ): Promise<ClaimResult> {
    return claimFromWire(
      await this.#client.callOnce('claim', { name, slots, session: lease }, options),
    )
  }

  async claimed(
    name: string,
    slots: number,
    lease: string,
    options?: CallOptions,
  ): Promise<boolean> {
    return (await this.#client.call('claimed', { name, slots, session: lease }, options)).claimed
  }

  async release(name: string, slots: number, lease: string, options?: CallOptions): Promise<void> {
    await this.#client.callOnce('release', { name, slots, session: lease }, options)
  }
}
