import { hostname } from 'node:os'
import type { CallOptions, Entry, Write } from '../../backends/backend.ts'
import { putHeld } from '../../backends/operations.ts'
import { keyIn, type Namespace, nameIn, prefixIn } from './namespace.ts'

/** Who holds a session, and how: stored beside what it holds and gone with it. */
export interface SessionRecord {
  /** `hold`: a living process renews it. `expire`: nobody does, it ends by itself. */
  readonly kind: 'hold' | 'expire'
  readonly host: string
  readonly pid: number
  /** Who holds it by that process, where somebody does. */
  readonly by?: string | undefined
  /** When it began: ISO 8601, of its holder's clock; for people only. */
  readonly since: string
}

/** Whether a living session holds a key, and whose. */
export interface Holder {
  readonly held: boolean
  readonly record?: SessionRecord
}

export const sessionKey = (namespace: Namespace, id: string): string =>
  keyIn(namespace, 'session', id)

/** A record of this process, from now on, and of the client that it acts for in the namespace. */
export const newRecord = (
  kind: SessionRecord['kind'],
  { by }: Pick<Namespace, 'by'> = {},
): string => {
  const record: SessionRecord = {
    kind,
    host: hostname(),
    pid: process.pid,
    by,
    since: new Date().toISOString(),
  }
  return JSON.stringify(record)
}

/** The writes that bind a key to a lease, with the record of its holder. */
export const boundWrites = (
  namespace: Namespace,
  lease: string,
  key: string,
  value: string,
  kind: SessionRecord['kind'] = 'hold',
): Write[] => [
  putHeld(sessionKey(namespace, lease), newRecord(kind, namespace), lease),
  putHeld(key, value, lease),
]

/** `undefined` where there is none that we understand: another program's session. */
export const parseRecord = (entry: Entry | undefined): SessionRecord | undefined => {
  try {
    return entry && (JSON.parse(Buffer.from(entry.value).toString()) as SessionRecord)
  } catch {
    return undefined
  }
}

/**
 * The record of the session that holds an entry; none where it is not held, or by another program's session.
 * The session may end between two reads, so a missing record counts only while the entry is still the same.
 */
export const holderOf = async (
  namespace: Namespace,
  entry: Entry | undefined,
  call?: CallOptions,
): Promise<Holder> => {
  if (entry?.lease === undefined) return { held: false }
  const record = parseRecord(await namespace.backend.get(sessionKey(namespace, entry.lease), call))
  if (record) return { held: record.kind !== 'expire', record }
  const again = await namespace.backend.get(entry.key, call)
  return { held: again?.lease === entry.lease }
}

/** All of the namespace's session records, by session id. */
export const allRecords = async (
  namespace: Namespace,
  signal?: AbortSignal,
): Promise<Map<string, SessionRecord>> => {
  const { entries } = await namespace.backend.list(prefixIn(namespace, 'session'), { signal })
  const records = new Map<string, SessionRecord>()
  for (const entry of entries) {
    const record = parseRecord(entry)
    if (record) records.set(nameIn(namespace, 'session', entry.key), record)
  }
  return records
}

/** `node1 (pid 4711)`, for messages; `deploy-job` where that process acts for somebody. */
export const describeHolder = ({ record }: Holder): string =>
  record ? (record.by ?? `${record.host} (pid ${record.pid})`) : 'another session'
