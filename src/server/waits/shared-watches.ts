import type { Backend, Claimable } from '../../backends/backend.ts'
import { isClaimable } from '../../backends/operations.ts'
import { SharedWatches } from '../../backends/watch/shared-watch.ts'

/**
 * Returns the same store, on which any number of waiters cost few watches. `instead` has calls that replace those of
 * the store.
 */
export const withSharedWatches = (backend: Backend, instead: Partial<Backend> = {}): Backend => {
  const watches = backend.sharesWatches ? backend : new SharedWatches(backend)
  const shared = {
    address: backend.address,
    traits: backend.traits,
    get: (key, options) => backend.get(key, options),
    list: (scope, options) => backend.list(scope, options),
    commit: (preconditions, writes, options) => backend.commit(preconditions, writes, options),
    watch: (scope, signal) => watches.watch(scope, signal),
    grant: (ttl, options) => backend.grant(ttl, options),
    renew: (id, options) => backend.renew(id, options),
    revoke: (id, options) => backend.revoke(id, options),
    close: (options) => backend.close(options),
    ...instead,
  } satisfies Backend
  return isClaimable(backend) ? { ...shared, ...claimsOf(backend) } : shared
}

const claimsOf = (backend: Claimable): Claimable => ({
  claim: (...args) => backend.claim(...args),
  claimed: (...args) => backend.claimed(...args),
  release: (...args) => backend.release(...args),
})
