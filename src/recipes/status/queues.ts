import type { Entry } from '../../backends/backend.ts'
import { nameIn } from '../core/namespace.ts'
import { type Admission, holdersAmong, MUTEX, membersOf, semaphore } from '../core/queue.ts'
import { grouped, holderIn, type Sources, type StatusRow, textOf } from './row.ts'

export type QueueKind = 'lock' | 'election' | 'once'

/** The words for a member of a queue that holds, and for one that waits. Also decides which members hold. */
interface QueueWords {
  readonly states: readonly [string, string]
  admission(members: readonly Entry[]): Admission
}

const QUEUES: Readonly<Record<QueueKind, QueueWords>> = {
  lock: { states: ['holds', 'waits'], admission: (members) => semaphore(slotsOf(members)) },
  election: { states: ['leads', 'campaigns'], admission: () => MUTEX },
  once: { states: ['runs', 'waits'], admission: () => MUTEX },
}

/** All members of the queues of a kind, in the order in which they came. */
export const queueRows = (kind: QueueKind, sources: Sources): StatusRow[] => {
  const { namespace, entries } = sources
  const queues = grouped(entries, ({ key, lease }) => {
    const [, name, last] = /^(.+)\/([^/]+)$/.exec(nameIn(namespace, kind, key)) ?? []
    return last === lease || last === NATIVE ? name : undefined
  })
  return [...queues].flatMap(([name, members]) => rowsOf(kind, name, members, sources))
}

const rowsOf = (
  kind: QueueKind,
  name: string,
  entries: readonly Entry[],
  sources: Sources,
): StatusRow[] => {
  const members = membersOf({ namespace: sources.namespace, kind, name }, entries)
  const native = entries.find(({ key }) => key.endsWith(`/${NATIVE}`))
  const sessions = members.map(sessionOf)
  const { states, admission } = QUEUES[kind]
  const heldByUs = () => holdersAmong(admission(members), members).map(sessionOf)
  const holders = new Set(native ? nativeHolders(native) : heldByUs())
  const [holds, waits] = states
  const foreign = [...holders].filter((lease) => !sessions.includes(lease))
  return [
    ...foreign.map((lease) => ({ kind, name, state: holds, holder: holderIn(sources, lease) })),
    ...members.map((entry) => {
      const holding = holders.has(entry.lease ?? '')
      return {
        kind,
        name,
        state: holding ? holds : waits,
        ...(kind === 'election' && { id: textOf(entry) }),
        ...(holding && kind !== 'once' && { token: tokenOf(entry, native) }),
        holder: holderIn(sources, entry.lease),
      }
    }),
  ]
}

const sessionOf = ({ lease = '' }: Entry): string => lease

/**
 * A holder in the native list of a semaphore got its token when it was added. The store does not show that token later.
 */
const tokenOf = ({ createRevision }: Entry, native: Entry | undefined): number | undefined => {
  if (!native) return createRevision
  return native.lease === undefined ? undefined : native.modRevision
}

/** Where `consul lock` stores the holders of a lock. If this key exists, it decides which sessions hold the lock. */
const NATIVE = '.lock'

const nativeHolders = (entry: Entry): string[] => {
  if (entry.lease !== undefined) return [entry.lease]
  try {
    return Object.keys((JSON.parse(textOf(entry)) as { Holders?: object }).Holders ?? {})
  } catch {
    return []
  }
}

/** The value of a semaphore's members is the number of its slots. */
const slotsOf = ([first]: readonly Entry[]): number =>
  first && /^[1-9]\d*$/.test(textOf(first)) ? Number(textOf(first)) : 1
