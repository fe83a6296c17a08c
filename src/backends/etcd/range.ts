import type { Listing } from '../backend.ts'
import type { Operation } from './cluster.ts'
import { rangeOf, revisionOf, toEntry } from './codec.ts'

/** The content of a scope. The read is linearizable, so an answer proves that the cluster works through this server. */
export const readScope =
  (scope: string, { after, limit }: { after?: string; limit?: number } = {}): Operation<Listing> =>
  async ({ kv }, member) => {
    const { kvs, header } = await kv.range({ ...rangeOf(scope, after), limit })
    const revision = revisionOf(header.revision)
    member.answered(revision)
    return { entries: kvs.map(toEntry), revision }
  }

/** The store's newest revision, by the cheapest linearizable read. */
export const readRevision: Operation<number> = async ({ kv }, member) => {
  const { header } = await kv.range({ key: Buffer.from('\0'), keys_only: true, limit: 1 })
  const revision = revisionOf(header.revision)
  member.answered(revision)
  return revision
}
