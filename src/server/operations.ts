import type { CallOptions, Diagnosable } from '../backends/backend.ts'
import type { Operation, Replies, Requests } from '../backends/http/protocol.ts'
import { entryToWire, listingToWire, resultToWire, writeFromWire } from '../backends/http/wire.ts'
import type { ServerContext } from './context.ts'
import { listOurs } from './list-ours.ts'
import { checkFullKey, checkScope } from './scopes.ts'

type Operations = {
  readonly [K in Operation]: (body: Requests[K], options: CallOptions) => Promise<Replies[K]>
}

/** The backend's methods as clients call them. A change is not given up when its client goes. */
export const operationsOf = ({ store, version }: ServerContext): Operations => ({
  async get({ key }, options) {
    const entry = await store.get(checkFullKey(key), options)
    return { entry: entry && entryToWire(entry) }
  },
  async list({ scope, after, limit }, options) {
    const range = { after, limit, ...options }
    return listingToWire(await listOurs(store, checkScope(scope), range))
  },
  async commit({ guards, writes }) {
    for (const { key } of [...guards, ...writes]) checkFullKey(key)
    return resultToWire(await store.commit(guards, writes.map(writeFromWire)))
  },
  grant: ({ ttl }) => store.grant(ttl),
  async renew({ id }) {
    return { ttl: await store.renew(id) }
  },
  async revoke({ id }) {
    await store.revoke(id)
    return {}
  },
  async diagnose(_, options) {
    const { diagnose } = store as Partial<Diagnosable>
    const behind = await diagnose?.call(store, options)
    const version_ = `rendezvous ${version} in front of ${behind?.version ?? store.traits.name}`
    return { version: version_, warnings: behind?.warnings ?? [] }
  },
})
