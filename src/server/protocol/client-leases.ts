import type { Backend, Lease } from '../../backends/backend.ts'
import type { WireWrite } from '../../backends/http/protocol.ts'
import { putHeld } from '../../backends/operations.ts'
import { describe, LeaseGoneError, UnavailableError } from '../../base/errors.ts'
import { keepNewest } from '../../base/keep-newest.ts'
import { checkTtl } from '../../recipes/core/ttl.ts'

/** Marks of leases are below `<namespace>/lease/`. This is not a kind that clients may write, read or watch. */
const KIND = 'lease'

/** The most leases that are remembered, so that they need no read of the store. */
const MAX_REMEMBERED = 100_000

/**
 * The leases that clients may renew, end and bind keys to. In a store that other programs use too, these are only the
 * leases that a server of these namespaces has granted. The server marks each lease with a key that is bound to the
 * lease and that no client can write. So other servers of the same namespaces, and later ones, know the lease as well.
 */
export class ClientLeases {
  readonly #store: Backend
  readonly #namespaces: readonly string[] | undefined
  readonly #known = new Set<string>()

  /** Without namespaces, the store belongs to the server, and so do all of its leases. */
  constructor(store: Backend, namespaces: readonly string[] | undefined) {
    this.#store = store
    this.#namespaces = namespaces
  }

  /** @throws UsageError if the TTL is longer than the store supports. */
  async grant(ttl: number): Promise<Lease> {
    const lease = await this.#store.grant(checkTtl(ttl, this.#store.traits))
    const [namespace] = this.#namespaces ?? []
    if (namespace !== undefined) await this.#mark(namespace, lease.id)
    return lease
  }

  /** @throws LeaseGoneError if no server granted the lease to a client, or it does not exist. */
  async renew(id: string): Promise<number> {
    await this.require(id)
    return this.#store.renew(id)
  }

  /** Ends a lease. A lease that no server granted to a client is left alone, and counts as gone. */
  async revoke(id: string): Promise<void> {
    if (!(await this.#isGranted(id))) return
    await this.#store.revoke(id)
    this.#known.delete(id)
  }

  /** @throws LeaseGoneError if no server granted the lease to a client. */
  async require(id: string): Promise<void> {
    if (!(await this.#isGranted(id))) throw new LeaseGoneError(id)
  }

  /** @throws LeaseGoneError if a write binds its key to a lease that no server granted to a client. */
  async requireAll(writes: readonly WireWrite[]): Promise<void> {
    const ids = writes.flatMap((write) => (write.kind === 'put' && write.session) || [])
    for (const id of new Set(ids)) await this.require(id)
  }

  /** The read is linearizable: it sees a mark that another server wrote before it answered. */
  async #isGranted(id: string): Promise<boolean> {
    if (!this.#namespaces || this.#known.has(id)) return true
    // The id becomes a part of a key.
    if (!/^[\w-]{1,128}$/.test(id)) return false
    for (const namespace of this.#namespaces) {
      const mark = await this.#store.get(markOf(namespace, id))
      if (mark?.lease !== id) continue
      this.#remember(id)
      return true
    }
    return false
  }

  async #mark(namespace: string, id: string): Promise<void> {
    try {
      await this.#store.commit([], [putHeld(markOf(namespace, id), '', id)])
      this.#remember(id)
    } catch (cause) {
      await this.#store.revoke(id).catch(() => {})
      // The client gets no lease, whatever happened to the mark.
      throw new UnavailableError(`a lease could not be granted: ${describe(cause)}`, { cause })
    }
  }

  /** A store never gives an id twice, so remembering an ended lease does no harm. */
  #remember(id: string): void {
    this.#known.add(id)
    keepNewest(this.#known, MAX_REMEMBERED)
  }
}

const markOf = (namespace: string, id: string): string => `${namespace}/${KIND}/${id}`
