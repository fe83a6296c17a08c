import type { Backend, CallOptions, Claimable, Diagnosable } from '../../backends/backend.ts'
import type { Operation, Replies, Requests } from '../../backends/http/protocol.ts'
import {
  entryToWire,
  listingToWire,
  preconditionFromWire,
  resultToWire,
  writeFromWire,
} from '../../backends/http/wire.ts'
import { isClaimable } from '../../backends/operations.ts'
import { UsageError } from '../../base/errors.ts'
import type { Scope } from '../access/scope.ts'
import type { ServerContext } from '../context.ts'
import { ClientLeases } from './client-leases.ts'
import type { KeyPolicy } from './key-policy.ts'
import { listAllowed } from './list-allowed.ts'

type Operations = {
  readonly [K in Operation]: (body: Requests[K], options: CallOptions) => Promise<Replies[K]>
}

/** The scope that a client's token needs for each operation. */
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

/** The backend's methods as clients call them. A change is not cancelled when its client goes. */
export const operationsOf = ({
  store,
  namespace,
  keyPolicy,
  version,
  activity,
}: ServerContext): Operations => ({
  ...entriesOf(store, keyPolicy),
  ...leasesOf(namespace.backend, keyPolicy),
  async diagnose(_, options) {
    const { diagnose } = store as Partial<Diagnosable>
    const behind = await diagnose?.call(store, options)
    const version_ = `rendezvous ${version} in front of ${behind?.version ?? store.traits.name}`
    return { version: version_, warnings: behind?.warnings ?? [] }
  },
  waiters: async ({ namespace }) => activity.waiters(checked(keyPolicy, namespace)),
  async conclude({ namespace, id, ...end }) {
    activity.conclude(checked(keyPolicy, namespace), id, end)
    return {}
  },
})

/** Returns the namespace, if clients may see it. */
const checked = (keyPolicy: KeyPolicy, namespace: string): string =>
  keyPolicy.checkScope(`${namespace}/waiter/`).slice(0, -'/waiter/'.length)

const entriesOf = (store: Backend, keyPolicy: KeyPolicy): Pick<Operations, 'get' | 'list'> => ({
  async get({ key }, options) {
    const entry = await store.get(keyPolicy.checkKey(key), options)
    return { entry: entry && entryToWire(entry) }
  },
  async list({ scope, after, limit }, options) {
    const range = { after, limit, ...options }
    return listingToWire(await listAllowed(store, keyPolicy, keyPolicy.checkScope(scope), range))
  },
})

/** All operations that may concern a lease. */
const leasesOf = (
  store: Backend,
  keyPolicy: KeyPolicy,
): Omit<Operations, 'get' | 'list' | 'diagnose' | 'waiters' | 'conclude'> => {
  const leases = new ClientLeases(store, keyPolicy.namespaces)
  return {
    async commit({ guards: preconditions, writes }) {
      for (const { key } of [...preconditions, ...writes]) keyPolicy.checkKey(key)
      await leases.requireAll(writes)
      return resultToWire(
        await store.commit(preconditions.map(preconditionFromWire), writes.map(writeFromWire)),
      )
    },
    grant: ({ ttl }) => leases.grant(ttl),
    async renew({ id }) {
      return { ttl: await leases.renew(id) }
    },
    async revoke({ id }) {
      await leases.revoke(id)
      return {}
    },
    async claim({ name, slots, session: lease }) {
      await leases.require(lease)
      return claimableOf(store).claim(keyPolicy.checkKey(name), slots, lease)
    },
    async claimed({ name, slots, session: lease }, options) {
      const key = keyPolicy.checkKey(name)
      return { claimed: await claimableOf(store).claimed(key, slots, lease, options) }
    },
    async release({ name, slots, session: lease }) {
      await claimableOf(store).release(keyPolicy.checkKey(name), slots, lease)
      return {}
    },
  }
}

/** @throws UsageError if the store has no claims. The greeting says so. */
const claimableOf = (store: Backend): Claimable => {
  if (isClaimable(store)) return store
  throw new UsageError('the store of this server does not support claims')
}
