import type { Backend, CallOptions, Claimable, Diagnosable } from '../backends/backend.ts'
import type { Operation, Replies, Requests } from '../backends/http/protocol.ts'
import { entryToWire, listingToWire, resultToWire, writeFromWire } from '../backends/http/wire.ts'
import { isClaimable } from '../backends/operations.ts'
import { UsageError } from '../errors.ts'
import type { Scope } from './access/scope.ts'
import type { ServerContext } from './context.ts'
import { Leases } from './leases.ts'
import { listOurs } from './list-ours.ts'
import type { Scopes } from './scopes.ts'

type Operations = {
  readonly [K in Operation]: (body: Requests[K], options: CallOptions) => Promise<Replies[K]>
}

/** What a client's token must be good for. */
export const OPERATION_SCOPES: Readonly<Record<Operation, Scope>> = {
  get: 'read',
  list: 'read',
  commit: 'signal',
  grant: 'signal',
  renew: 'signal',
  revoke: 'signal',
  claim: 'signal',
  claimed: 'read',
  release: 'signal',
  diagnose: 'admin',
  waiters: 'read',
  conclude: 'read',
}

/** The backend's methods as clients call them. A change is not given up when its client goes. */
export const operationsOf = ({
  store,
  space,
  scopes,
  version,
  activity,
}: ServerContext): Operations => ({
  ...entriesOf(store, scopes),
  ...leasesOf(space.backend, scopes),
  async diagnose(_, options) {
    const { diagnose } = store as Partial<Diagnosable>
    const behind = await diagnose?.call(store, options)
    const version_ = `rendezvous ${version} in front of ${behind?.version ?? store.traits.name}`
    return { version: version_, warnings: behind?.warnings ?? [] }
  },
  waiters: async ({ namespace }) => activity.waiters(checked(scopes, namespace)),
  async conclude({ namespace, id, ...end }) {
    activity.conclude(checked(scopes, namespace), id, end)
    return {}
  },
})

/** A namespace that clients may see. */
const checked = (scopes: Scopes, namespace: string): string =>
  scopes.checkScope(`${namespace}/waiter/`).slice(0, -'/waiter/'.length)

const entriesOf = (store: Backend, scopes: Scopes): Pick<Operations, 'get' | 'list'> => ({
  async get({ key }, options) {
    const entry = await store.get(scopes.checkKey(key), options)
    return { entry: entry && entryToWire(entry) }
  },
  async list({ scope, after, limit }, options) {
    const range = { after, limit, ...options }
    return listingToWire(await listOurs(store, scopes, scopes.checkScope(scope), range))
  },
})

/** All that may concern a lease. */
const leasesOf = (
  store: Backend,
  scopes: Scopes,
): Omit<Operations, 'get' | 'list' | 'diagnose' | 'waiters' | 'conclude'> => {
  const leases = new Leases(store, scopes.namespaces)
  return {
    async commit({ guards, writes }) {
      for (const { key } of [...guards, ...writes]) scopes.checkKey(key)
      await leases.requireAll(writes)
      return resultToWire(await store.commit(guards, writes.map(writeFromWire)))
    },
    grant: ({ ttl }) => leases.grant(ttl),
    async renew({ id }) {
      return { ttl: await leases.renew(id) }
    },
    async revoke({ id }) {
      await leases.revoke(id)
      return {}
    },
    async claim({ name, slots, session }) {
      await leases.require(session)
      return claimableOf(store).claim(scopes.checkKey(name), slots, session)
    },
    async claimed({ name, slots, session }, options) {
      const key = scopes.checkKey(name)
      return { claimed: await claimableOf(store).claimed(key, slots, session, options) }
    },
    async release({ name, slots, session }) {
      await claimableOf(store).release(scopes.checkKey(name), slots, session)
      return {}
    },
  }
}

/** @throws UsageError the store has no claims, as the greeting says. */
const claimableOf = (store: Backend): Claimable => {
  if (isClaimable(store)) return store
  throw new UsageError('the store of this server does not support claims')
}
