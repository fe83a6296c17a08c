import type { Backend, CallOptions, Claimable, Diagnosable } from '../backends/backend.ts'
import type { Operation, Replies, Requests } from '../backends/http/protocol.ts'
import { entryToWire, listingToWire, resultToWire, writeFromWire } from '../backends/http/wire.ts'
import { isClaimable } from '../backends/operations.ts'
import { UsageError } from '../errors.ts'
import { checkTtl } from '../recipes/ttl.ts'
import type { ServerContext } from './context.ts'
import { listOurs } from './list-ours.ts'

type Operations = {
  readonly [K in Operation]: (body: Requests[K], options: CallOptions) => Promise<Replies[K]>
}

/** The backend's methods as clients call them. A change is not given up when its client goes. */
export const operationsOf = ({
  store,
  space,
  scopes,
  version,
  activity,
}: ServerContext): Operations => ({
  async get({ key }, options) {
    const entry = await store.get(scopes.checkKey(key), options)
    return { entry: entry && entryToWire(entry) }
  },
  async list({ scope, after, limit }, options) {
    const range = { after, limit, ...options }
    return listingToWire(await listOurs(store, scopes, scopes.checkScope(scope), range))
  },
  async commit({ guards, writes }) {
    for (const { key } of [...guards, ...writes]) scopes.checkKey(key)
    return resultToWire(await space.backend.commit(guards, writes.map(writeFromWire)))
  },
  grant: async ({ ttl }) => space.backend.grant(checkTtl(ttl, store.traits)),
  async renew({ id }) {
    return { ttl: await store.renew(id) }
  },
  async revoke({ id }) {
    await store.revoke(id)
    return {}
  },
  async claim({ name, slots, session }) {
    return claimableOf(store).claim(scopes.checkKey(name), slots, session)
  },
  async claimed({ name, slots, session }, options) {
    const claimed = await claimableOf(store).claimed(scopes.checkKey(name), slots, session, options)
    return { claimed }
  },
  async release({ name, slots, session }) {
    await claimableOf(store).release(scopes.checkKey(name), slots, session)
    return {}
  },
  async diagnose(_, options) {
    const { diagnose } = store as Partial<Diagnosable>
    const behind = await diagnose?.call(store, options)
    const version_ = `rendezvous ${version} in front of ${behind?.version ?? store.traits.name}`
    return { version: version_, warnings: behind?.warnings ?? [] }
  },
  waiters: async ({ namespace }) =>
    activity.waiters(scopes.checkScope(`${namespace}/waiter/`).slice(0, -'/waiter/'.length)),
})

/** @throws UsageError the store has no claims, as the greeting says. */
const claimableOf = (store: Backend): Claimable => {
  if (isClaimable(store)) return store
  throw new UsageError('the store behind this server has no claims')
}
