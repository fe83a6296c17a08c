import type { Backend, Lease } from '../../backends/backend.ts'
import type { WireWrite } from '../../backends/http/protocol.ts'
import { putHeld } from '../../backends/operations.ts'
import { describe, LeaseGoneError, UnavailableError } from '../../base/errors.ts'
import { keepNewest } from '../../base/keep-newest.ts'
import { checkTtl } from '../../recipes/core/ttl.ts'

/** Below `<namespace>/lease/`, which is no kind that clients may write, read or watch. */
const KIND = 'lease'

/** So many leases are known without a question to the store. */
const MAX_REMEMBERED = 100_000

/**
 * The leases that clients may renew, end and bind keys to. Of a store that other programs use too, only those that a
 * server of its namespaces has granted: it marks each with a key that is bound to it, so that its neighbours and its
 * successor know it as well, and that nobody else can write.
 */
export class ClientLeases {
  readonly #store: Backend
  readonly #namespaces: readonly string[] | undefined
  readonly #known = new Set<string>()

  /** Without namespaces the store is the server's own, and so are all of its leases. */
  constructor(store: Backend, namespaces: readonly string[] | undefined) {
    this.#store = store
    this.#namespaces = namespaces
  }

  /** @throws UsageError the TTL is longer than the store can. */
  async grant(ttl: number): Promise<Lease> {
    const lease = await this.#store.grant(checkTtl(ttl, this.#store.traits))
    const [namespace] = this.#namespaces ?? []
    if (namespace !== undefined) await this.#mark(namespace, lease.id)
    return lease
  }

  /** @throws LeaseGoneError it is none of ours, or does not exist. */
  async renew(id: string): Promise<number> {
    await this.require(id)
    return this.#store.renew(id)
  }

  /** One that is none of ours is left alone, as one that is gone. */
  async revoke(id: string): Promise<void> {
    if (!(await this.#isGranted(id))) return
    await this.#store.revoke(id)
    this.#known.delete(id)
  }

  /** @throws LeaseGoneError it is none of ours. */
  async require(id: string): Promise<void> {
    if (!(await this.#isGranted(id))) throw new LeaseGoneError(id)
  }

  /** @throws LeaseGoneError a write binds its key to a lease that is none of ours. */
  async requireAll(writes: readonly WireWrite[]): Promise<void> {
    const ids = writes.flatMap((write) => (write.kind === 'put' && write.session) || [])
    for (const id of new Set(ids)) await this.require(id)
  }

  /** Linearizable: a mark that a neighbour wrote before it answered is seen. */
  async #isGranted(id: string): Promise<boolean> {
    if (!this.#namespaces || this.#known.has(id)) return true
    // the id becomes a part of a key
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
      // to its client nothing was granted, whatever became of the mark
      throw new UnavailableError(`a lease could not be granted: ${describe(cause)}`, { cause })
    }
  }

  /** An id is never given twice, so that one which is gone does no harm here. */
  #remember(id: string): void {
    this.#known.add(id)
    keepNewest(this.#known, MAX_REMEMBERED)
  }
}

const markOf = (namespace: string, id: string): string => `${namespace}/${KIND}/${id}`
