import type { Entry } from '../../backends/backend.ts'
import type { Namespace } from '../core/namespace.ts'
import type { SessionRecord } from '../core/session-record.ts'

/** One line of a status: a thing, or somebody who holds it, waits for it or belongs to it. */
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
  /** For people, but stable: `holds`, `waits`, a value, `2 of 3 ready`. */
  readonly state: string
  /** What a candidate of an election calls itself. */
  readonly id?: string | undefined
  /** The fencing token of who holds a lock or leads, where the store tells it. */
  readonly token?: number | undefined
  /** Whose process it is; absent where nobody holds it, and for other programs. */
  readonly holder?: StatusHolder | undefined
}

/** A session's record; of a request that waits the address that it came from. */
type StatusHolder = Pick<SessionRecord, 'host' | 'since'> & Partial<SessionRecord>

/** What a kind's rows are made of: everything that the store has of it, and who the sessions are. */
export interface Sources {
  readonly namespace: Namespace
  readonly entries: readonly Entry[]
  readonly records: ReadonlyMap<string, SessionRecord>
}

export const textOf = ({ value }: Entry): string => Buffer.from(value).toString()

export const holderIn = ({ records }: Sources, lease: string | undefined) =>
  lease === undefined ? undefined : records.get(lease)

/** Puts what belongs together into groups, in the order of their first members. */
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
