import type { Entry } from '../../backends/backend.ts'
import { holdersAmong, membersOf, semaphore } from '../core/queue.ts'
import { nameIn } from '../space.ts'
import { grouped, holderIn, type Sources, type StatusRow, textOf } from './row.ts'

export type QueueKind = 'lock' | 'election' | 'once'

/** What a member of a queue is said to do: at its head, and behind. */
const STATES: Readonly<Record<QueueKind, readonly [string, string]>> = {
  lock: ['holds', 'waits'],
  election: ['leads', 'campaigns'],
  once: ['runs', 'waits'],
}

/** Everybody in the queues of a kind, in the order in which they came. */
export const queueRows = (kind: QueueKind, sources: Sources): StatusRow[] => {
  const { space, entries } = sources
  const queues = grouped(entries, ({ key, session }) => {
    const [, name, last] = /^(.+)\/([^/]+)$/.exec(nameIn(space, kind, key)) ?? []
    return last === session || last === NATIVE ? name : undefined
  })
  return [...queues].flatMap(([name, members]) => rowsOf(kind, name, members, sources))
}

const rowsOf = (
  kind: QueueKind,
  name: string,
  entries: readonly Entry[],
  sources: Sources,
): StatusRow[] => {
  const members = membersOf({ space: sources.space, kind, name }, entries)
  const native = entries.find(({ key }) => key.endsWith(`/${NATIVE}`))
  const sessions = members.map(sessionOf)
  const heldByUs = () => holdersAmong(semaphore(slotsOf(members)), members).map(sessionOf)
  const holders = new Set(native ? nativeHolders(native) : heldByUs())
  const [holds, waits] = STATES[kind]
  const foreign = [...holders].filter((session) => !sessions.includes(session))
  return [
    ...foreign.map((session) => ({ kind, name, state: holds, holder: holderIn(sources, session) })),
    ...members.map((entry) => {
      const holding = holders.has(entry.session ?? '')
      return {
        kind,
        name,
        state: holding ? holds : waits,
        ...(kind === 'election' && { id: textOf(entry) }),
        ...(holding && kind !== 'once' && { token: tokenOf(entry, native) }),
        holder: holderIn(sources, entry.session),
      }
    }),
  ]
}

const sessionOf = ({ session = '' }: Entry): string => session

/** A semaphore's holders that are written down have theirs from when they were: nobody can tell it later. */
const tokenOf = ({ createRevision }: Entry, native: Entry | undefined): number | undefined => {
  if (!native) return createRevision
  return native.session === undefined ? undefined : native.modRevision
}

/** Where a lock's holders are written down, as `consul lock` does, that decides. */
const NATIVE = '.lock'

const nativeHolders = (entry: Entry): string[] => {
  if (entry.session !== undefined) return [entry.session]
  try {
    return Object.keys((JSON.parse(textOf(entry)) as { Holders?: object }).Holders ?? {})
  } catch {
    return []
  }
}

/** Members of a semaphore say how many slots it has. */
const slotsOf = ([first]: readonly Entry[]): number =>
  first && /^[1-9]\d*$/.test(textOf(first)) ? Number(textOf(first)) : 1
