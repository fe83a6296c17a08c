import type { Entry } from '../../backends/backend.ts'
import { compareKeys } from '../../backends/watch/scope.ts'
import { NoError } from '../../base/errors.ts'
import type { Kind } from '../kinds.ts'
import { keyIn, type Namespace } from './namespace.ts'
import { retryUntilAvailable } from './retry.ts'
import { describeHolder, holderOf } from './session-record.ts'
import { until } from './until.ts'

/** Decides which entries of a queue are holders. */
export interface Admission {
  /** Whether an entry with this value holds, given the older entries. */
  holds(own: Pick<Entry, 'value'>, older: readonly Entry[]): boolean
  /**
   * The one entry that must end before this entry can hold. Default: any change of the queue may let this entry hold.
   */
  blocker?(own: Pick<Entry, 'value'>, older: readonly Entry[]): Entry | undefined
}

/**
 * The oldest entry holds. Each waiter watches only the entry directly before it, so the end of a holder wakes one
 * waiter.
 */
export const MUTEX: Admission = {
  holds: (_, older) => older.length === 0,
  blocker: (_, older) => older.at(-1),
}

/** The oldest entries hold, as many as there are slots. */
export const semaphore = (slots: number): Admission =>
  slots === 1 ? MUTEX : { holds: (_, older) => older.length < slots }

/** A queue of sessions that wait for the same thing: first come, first served. */
export interface Queue extends Admission {
  readonly namespace: Namespace
  readonly kind: Kind
  readonly name: string
  /** The value of this process's entry. */
  readonly value: string
  /** Selects the keys that count as entries. Default: all. */
  readonly counts?: ((entry: Entry) => boolean) | undefined
  /**
   * Checks the older entries.
   * @throws ConflictError they do not match this queue, for example in their number of slots.
   */
  readonly check?: (older: readonly Entry[]) => void
}

/** Identifies a queue. */
export type QueueName = Pick<Queue, 'namespace' | 'kind' | 'name' | 'counts'>

/** The position of an entry in a queue. */
export interface Position {
  readonly own: Entry | undefined
  /** The entries before it, oldest first. All entries if there is no own entry. */
  readonly older: readonly Entry[]
}

export const prefixOf = ({ namespace, kind, name }: QueueName): string =>
  `${keyIn(namespace, kind, name)}/`

/**
 * The entries of a queue, oldest first. The key of an entry is directly below the prefix, and ends with the id of the
 * lease that it is bound to. Entries of etcdctl and Consul have the same form. Any other key belongs to another queue:
 * the entries of `a/b` are below the prefix of `a`.
 */
export const membersOf = (queue: QueueName, entries: Iterable<Entry>): Entry[] => {
  const { counts = () => true } = queue
  const prefix = prefixOf(queue)
  return [...entries]
    .filter(({ key, lease }) => lease !== undefined && key === prefix + lease)
    .filter(counts)
    .sort((a, b) => a.createRevision - b.createRevision || compareKeys(a.key, b.key))
}

export const readMembers = async (queue: QueueName, signal?: AbortSignal): Promise<Entry[]> => {
  const list = () => queue.namespace.backend.list(prefixOf(queue), { signal })
  return membersOf(queue, (await retryUntilAvailable({ signal }, list)).entries)
}

/** Those entries of a queue that hold. */
export const holdersAmong = (admission: Admission, members: readonly Entry[]): Entry[] =>
  members.filter((entry, at) => admission.holds(entry, members.slice(0, at)))

export const positionOf = (key: string, members: readonly Entry[]): Position => {
  const at = members.findIndex((member) => member.key === key)
  return at === -1
    ? { own: undefined, older: members }
    : { own: members[at], older: members.slice(0, at) }
}

/** Resolves when the entry at `own.key` may have become a holder. */
export const whenNearer = (
  queue: Queue,
  own: Entry,
  older: readonly Entry[],
  signal: AbortSignal,
): Promise<void> => {
  const { backend } = queue.namespace
  const blocker = queue.blocker?.(own, older)
  return blocker
    ? until(backend, blocker.key, isGone(blocker), signal)
    : until(backend, prefixOf(queue), mayHold(queue, own), signal)
}

const isGone =
  ({ key, createRevision }: Entry) =>
  (entries: ReadonlyMap<string, Entry>): boolean =>
    entries.get(key)?.createRevision !== createRevision

const mayHold =
  (queue: Queue, own: Entry) =>
  (entries: ReadonlyMap<string, Entry>): boolean =>
    queue.holds(own, positionOf(own.key, membersOf(queue, entries.values())).older)

/** The error for a caller that does not wait. */
export const refusal = async (queue: Queue, signal: AbortSignal): Promise<NoError> => {
  const [head] = await readMembers(queue, signal)
  const holder = head && describeHolder(await holderOf(queue.namespace, head, { signal }))
  return new NoError(`${queue.name} is held by ${holder ?? 'another session'}`)
}
