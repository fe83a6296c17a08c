import type { IKeyValue, IRangeRequest } from 'etcd3'
import type { Change, Entry } from '../backend.ts'
import { isPrefix } from '../watch/scope.ts'
import type { WatchEvent } from './messages.ts'

/** Revisions arrive as text, because they have 64 bits. No store reaches 2^53. */
export const revisionOf = (int64: string): number => Number(int64)

export const toEntry = (kv: IKeyValue): Entry => ({
  key: kv.key.toString(),
  value: kv.value,
  createRevision: revisionOf(kv.create_revision),
  modRevision: revisionOf(kv.mod_revision),
  ...(kv.lease !== '0' && { lease: leaseName(kv.lease) }),
})

export const toChange = (event: WatchEvent): Change =>
  isDeletion(event)
    ? {
        kind: 'delete',
        key: event.kv.key.toString(),
        revision: revisionOf(event.kv.mod_revision),
      }
    : { kind: 'put', entry: toEntry(event.kv) }

/** etcd3's types and etcd's own interface description write these names in different case. */
const isDeletion = (event: WatchEvent): boolean => event.type.toUpperCase() === 'DELETE'

/** A lease as etcdctl writes it: its 64 bits in lowercase hexadecimal. */
export const leaseName = (int64: string): string => BigInt.asUintN(64, BigInt(int64)).toString(16)

/** A text that names no lease becomes a number that no server assigns, so the server reports a missing lease. */
export const leaseNumber = (name: string): string =>
  /^[1-9a-f][0-9a-f]{0,15}$/.test(name) ? BigInt.asIntN(64, BigInt(`0x${name}`)).toString() : '-1'

/** The range of a scope's keys. For a prefix, it contains only the keys after `after`. */
export const rangeOf = (scope: string, after = ''): Pick<IRangeRequest, 'key' | 'range_end'> => {
  const key = Buffer.from(scope)
  if (!isPrefix(scope)) return { key }
  const next = Buffer.from(`${after}\0`)
  return { key: Buffer.compare(next, key) > 0 ? next : key, range_end: endOf(scope) }
}

/** The first key after all keys that begin with a prefix: `/` is followed by `0`. */
const endOf = (prefix: string): Buffer => Buffer.from(`${prefix.slice(0, -1)}0`)
