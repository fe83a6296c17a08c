import { hostname } from 'node:os'
import type { CallOptions, Entry, Write } from '../backends/backend.ts'
import { putHeld } from '../backends/operations.ts'
import { keyIn, nameIn, prefixIn, type Space } from './space.ts'

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

export const sessionKey = (space: Space, id: string): string => keyIn(space, 'session', id)

/** A record of this process, from now on, and of the client that it acts for in the space. */
export const newRecord = (kind: SessionRecord['kind'], { by }: Pick<Space, 'by'> = {}): string => {
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
  space: Space,
  lease: string,
  key: string,
  value: string,
  kind: SessionRecord['kind'] = 'hold',
): Write[] => [
  putHeld(sessionKey(space, lease), newRecord(kind, space), lease),
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
  space: Space,
  entry: Entry | undefined,
  call?: CallOptions,
): Promise<Holder> => {
  if (entry?.session === undefined) return { held: false }
  const record = parseRecord(await space.backend.get(sessionKey(space, entry.session), call))
  if (record) return { held: record.kind !== 'expire', record }
  const again = await space.backend.get(entry.key, call)
  return { held: again?.session === entry.session }
}

/** All of the namespace's session records, by session id. */
export const allRecords = async (
  space: Space,
  signal?: AbortSignal,
): Promise<Map<string, SessionRecord>> => {
  const { entries } = await space.backend.list(prefixIn(space, 'session'), { signal })
  const records = new Map<string, SessionRecord>()
  for (const entry of entries) {
    const record = parseRecord(entry)
    if (record) records.set(nameIn(space, 'session', entry.key), record)
  }
  return records
}

/** `node1 (pid 4711)`, for messages; `deploy-job` where that process acts for somebody. */
export const describeHolder = ({ record }: Holder): string =>
  record ? (record.by ?? `${record.host} (pid ${record.pid})`) : 'another session'
