import type { Entry } from '../../backends/backend.ts'
import type { Namespace } from '../core/namespace.ts'
import type { SessionRecord } from '../core/session-record.ts'

/** One row of a status: a thing, or a session that holds it, waits for it or belongs to it. */
export interface StatusRow {
  readonly kind:
    | 'signal'
    | 'group'
    | 'lock'
    | 'election'
    | 'once'
    | 'counter'
    | 'waitgroup'
    | 'barrier'
    | 'topic'
    | 'pipe'
    | 'wait'
  readonly name: string
  /** For people, but stable, such as `holds`, `waits`, a value, or `2 of 3 ready`. */
  readonly state: string
  /** The id that a candidate of an election has chosen. */
  readonly id?: string | undefined
  /** The fencing token of a holder or leader. Absent if the store does not show it. */
  readonly token?: number | undefined
  /** The process that holds or waits. Absent if there is none, and for the sessions of other programs. */
  readonly holder?: StatusHolder | undefined
}

/** A session's record. For a waiter without a session, its host, or the address that its request came from. */
type StatusHolder = Pick<SessionRecord, 'host' | 'since'> & Partial<SessionRecord>

/** The sources of a kind's rows: all its entries in the store, and the records of all sessions. */
export interface Sources {
  readonly namespace: Namespace
  readonly entries: readonly Entry[]
  readonly records: ReadonlyMap<string, SessionRecord>
}

export const textOf = ({ value }: Entry): string => Buffer.from(value).toString()

export const holderIn = ({ records }: Sources, lease: string | undefined) =>
  lease === undefined ? undefined : records.get(lease)

/** Groups the items that have the same name. The groups are in the order of their first members. */
export const grouped = <T>(items: Iterable<T>, nameOf: (item: T) => string | undefined) => {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const name = nameOf(item)
    if (name === undefined) continue
    const group = groups.get(name)
    if (group) group.push(item)
    else groups.set(name, [item])
  }
  return groups
}
