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
  WatchEvent,
  Write,
} from '../backend.ts'
import { checkCommit } from '../operations.ts'
import { compareKeys } from '../watch/scope.ts'
import type { SharedWatches } from '../watch/shared-watch.ts'
import { Claims } from './claims.ts'
import { Commit } from './commit.ts'
import type { Connection } from './connection.ts'
import { diagnose } from './diagnosis.ts'
import { Leases } from './leases.ts'
import { Store } from './store.ts'
import { sharedWatches } from './watches.ts'

/** A Consul cluster, reached through one of its agents. Leases are sessions, a commit is one transaction. */
export class ConsulBackend implements Backend, Diagnosable, Claimable {
  readonly address: string
  readonly traits: Traits
  readonly sharesWatches = true
  readonly #connection: Connection
  readonly #store: Store
  readonly #leases: Leases
  readonly #claims: Claims
  readonly #watches: SharedWatches
  readonly #closing = new AbortController()

  constructor(connection: Connection, traits: Traits) {
    this.address = connection.address
    this.traits = traits
    this.#connection = connection
    this.#store = new Store(connection)
    this.#leases = new Leases(this.#store, traits)
    this.#claims = new Claims(this.#store, this.#leases)
    this.#watches = sharedWatches(this.#store, this.#closing.signal)
  }

  get(key: string, options: CallOptions = {}): Promise<Entry | undefined> {
    return this.#store.get(key, options)
  }

  async list(
    scope: string,
    { after, limit, ...options }: CallOptions & { after?: string; limit?: number } = {},
  ): Promise<Listing> {
    const { entries, revision } = await this.#store.list(scope, options)
    const later = entries.filter(({ key }) => after === undefined || compareKeys(key, after) > 0)
    return { entries: later.slice(0, limit), revision }
  }

  async commit(
    preconditions: readonly Precondition[],
    writes: readonly Write[],
    options: CallOptions = {},
  ): Promise<CommitResult> {
    checkCommit(preconditions, writes, this.traits)
    return new Commit(this.#store, this.#leases, preconditions, writes).run(options)
  }

  async *watch(scope: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    this.#connection.requireOpen()
    yield* this.#watches.watch(scope, signal)
  }

  grant(ttl: number, options: CallOptions = {}): Promise<Lease> {
    return this.#leases.grant(ttl, options)
  }

  renew(id: string, options: CallOptions = {}): Promise<number> {
    return this.#leases.renew(id, options)
  }

  revoke(id: string, options: CallOptions = {}): Promise<void> {
    return this.#leases.revoke(id, options)
  }

  claim(name: string, slots: number, lease: string, options?: CallOptions): Promise<ClaimResult> {
    return this.#claims.claim(name, slots, lease, options)
  }

  claimed(name: string, slots: number, lease: string, options?: CallOptions): Promise<boolean> {
    return this.#claims.claimed(name, slots, lease, options)
  }

  release(name: string, slots: number, lease: string, options?: CallOptions): Promise<void> {
    return this.#claims.release(name, slots, lease, options)
  }

  diagnose(options: CallOptions = {}): Promise<Diagnosis> {
    return diagnose(this.#store, options)
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort(new LostError(`${this.address} was closed`))
    this.#connection.close()
  }
}
