import { hostname } from 'node:os'
import type { CallOptions, Entry, Write } from '../../backends/backend.ts'
import { putHeld } from '../../backends/operations.ts'
import { keyIn, type Namespace, nameIn, prefixIn } from './namespace.ts'

/** The holder of a session. It is stored beside the keys that the session holds, and removed with them. */
export interface SessionRecord {
  /** `hold`: a living process renews the session. `expire`: no process renews it, and it ends by itself. */
  readonly kind: 'hold' | 'expire'
  readonly host: string
  readonly pid: number
  /** The client that the process acts for, if any. */
  readonly by?: string | undefined
  /** When the session began: ISO 8601, by the holder's clock. For people only. */
  readonly since: string
}

/** Whether a living session holds a key, and the record of that session. */
export interface Holder {
  readonly held: boolean
  readonly record?: SessionRecord
}

export const sessionKey = (namespace: Namespace, id: string): string =>
  keyIn(namespace, 'session', id)

/** A record of this process, and of the client that it acts for in the namespace. The record begins now. */
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

/** The writes that bind a key to a lease, and store the record of its holder. */
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

/** `undefined` if there is no readable record, as for a session of another program. */
export const parseRecord = (entry: Entry | undefined): SessionRecord | undefined => {
  try {
    return entry && (JSON.parse(Buffer.from(entry.value).toString()) as SessionRecord)
  } catch {
    return undefined
  }
}

/**
 * Whether a living session holds an entry, and its record. There is no record if the session belongs to another
 * program. The session may end between the two reads, so if the record is missing, the entry is read again.
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

/** All session records of the namespace, by session id. */
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

/** The holder, for messages: `node1 (pid 4711)`, or `deploy-job` if the process acts for that client. */
export const describeHolder = ({ record }: Holder): string =>
  record ? (record.by ?? `${record.host} (pid ${record.pid})`) : 'another session'
