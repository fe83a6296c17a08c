import type { Entry } from '../backends/backend.ts'
import { compareKeys } from '../backends/scope.ts'
import { NoError } from '../errors.ts'
import type { Kind } from './keys.ts'
import { whenAvailable } from './retry.ts'
import { describeHolder, holderOf } from './session-record.ts'
import { keyIn, type Space } from './space.ts'
import { until } from './until.ts'

/** A line of sessions that want the same thing: first come, first served. */
export interface Queue {
  readonly space: Space
  readonly kind: Kind
  readonly name: string
  /** So many at its head hold the thing. */
  readonly slots: number
  /** What the key of who queues says. */
  readonly value: string
  /** Which keys are those of members, where not all are. */
  readonly counts?: ((entry: Entry) => boolean) | undefined
  /** Looks at the keys of those who came before. @throws ConflictError they want something else. */
  readonly check?: (older: readonly Entry[]) => void
}

/** Where somebody stands. */
export interface Position {
  readonly own: Entry | undefined
  /** Those who came before; all where there is no own key. Oldest first. */
  readonly older: readonly Entry[]
}

/** Which line is meant. */
export type Line = Pick<Queue, 'space' | 'kind' | 'name' | 'counts'>

export const prefixOf = ({ space, kind, name }: Line): string => `${keyIn(space, kind, name)}/`

/**
 * The members of a line, oldest first. A member's key lies directly below the prefix and is named after the session
 * that holds it, as those of etcdctl and Consul are too; everything else is somebody else's: the line of `a/b` lies
 * below that of `a`.
 */
export const membersOf = (line: Line, entries: Iterable<Entry>): Entry[] => {
  const { counts = () => true } = line
  const prefix = prefixOf(line)
  return [...entries]
    .filter(({ key, session }) => session !== undefined && key === prefix + session)
    .filter(counts)
    .sort((a, b) => a.createRevision - b.createRevision || compareKeys(a.key, b.key))
}

export const readMembers = async (line: Line, signal?: AbortSignal): Promise<Entry[]> => {
  const list = () => line.space.backend.list(prefixOf(line), { signal })
  return membersOf(line, (await whenAvailable({ signal }, list)).entries)
}

export const positionOf = (key: string, members: readonly Entry[]): Position => {
  const at = members.findIndex((member) => member.key === key)
  return at === -1
    ? { own: undefined, older: members }
    : { own: members[at], older: members.slice(0, at) }
}

/**
 * Resolves when the place at `key` may have come to the head. Of a queue with one slot only the newest of the older
 * keys is watched, so that the end of a holder wakes one waiter and not all of them.
 */
export const whenNearer = (
  queue: Queue,
  key: string,
  older: readonly Entry[],
  signal: AbortSignal,
): Promise<void> => {
  const { backend } = queue.space
  const next = older.at(-1)
  return queue.slots === 1 && next
    ? until(backend, next.key, isGone(next), signal)
    : until(backend, prefixOf(queue), hasRoom(queue, key), signal)
}

const isGone =
  ({ key, createRevision }: Entry) =>
  (entries: ReadonlyMap<string, Entry>): boolean =>
    entries.get(key)?.createRevision !== createRevision

const hasRoom =
  (queue: Queue, key: string) =>
  (entries: ReadonlyMap<string, Entry>): boolean =>
    positionOf(key, membersOf(queue, entries.values())).older.length < queue.slots

/** Who stands at the head: `node1 (pid 4711)`; nothing where nobody does. */
const describeHead = async (line: Line, signal?: AbortSignal): Promise<string | undefined> => {
  const [head] = await readMembers(line, signal)
  return head && describeHolder(await holderOf(line.space, head, { signal }))
}

/** What is told who will not wait. */
export const refusal = async (queue: Queue, signal: AbortSignal): Promise<NoError> => {
  const holder = await describeHead(queue, signal)
  return new NoError(`${queue.name} is held by ${holder ?? 'another session'}`)
}
