import type { Entry } from '../backends/backend.ts'
import { UsageError } from '../base/errors.ts'
import { type Limits, withDeadline } from './core/deadline.ts'
import { checkState } from './core/keys.ts'
import { keyIn, type Namespace } from './core/namespace.ts'
import { MUTEX, membersOf, prefixOf, type QueueName, readMembers } from './core/queue.ts'
import { type QueueEntry, QueueOwnership } from './core/queue-entry.ts'
import { type TurnOptions, takeTurn } from './core/take-turn.ts'
import { follow } from './core/view.ts'

export interface CampaignOptions extends TurnOptions {
  /** Milliseconds to wait. 0 or absent: no limit. */
  readonly timeout?: number | undefined
}

/** A candidate in an election. */
export interface Candidate {
  readonly id: string
  /** The key of the candidate's queue entry. */
  readonly key: string
  /** The fencing token, if the candidate is the leader. */
  readonly token: number
}

/**
 * The leadership of an election while this process lives. The next leader is the candidate that has campaigned longest.
 *
 * The algorithm is that of etcd's `concurrency.Election`, and the keys are the same. As with a lock, a process that was
 * stopped for longer than its TTL may act for a moment as if it were still the leader. A resource that must not be
 * harmed then has to compare the fencing tokens.
 */
export class Leadership extends QueueOwnership implements Candidate {
  readonly id: string

  private constructor(id: string, entry: QueueEntry, { createRevision }: Entry) {
    super(entry, createRevision)
    this.id = id
  }

  /**
   * Campaigns under an id until the candidate leads.
   * @throws NoError with `try`, another candidate leads.
   * @throws TimeoutError, UnavailableError at the deadline. The candidacy is withdrawn.
   */
  static campaign(
    namespace: Namespace,
    name: string,
    id: string,
    options: CampaignOptions = {},
  ): Promise<Leadership> {
    const queue = { ...queueName(namespace, name), ...MUTEX, value: checkId(id) }
    return withDeadline(options, (signal) =>
      takeTurn(queue, { ...options, signal }, async (entry, own) => new Leadership(id, entry, own)),
    )
  }

  /** Gives up the leadership, and the next candidate leads. The same as `release`. */
  resign(signal?: AbortSignal): Promise<void> {
    return this.release(signal)
  }
}

/** The leader. `undefined` if there is none. */
export const leader = (
  namespace: Namespace,
  name: string,
  limits: Limits = {},
): Promise<Candidate | undefined> => {
  const election = queueName(namespace, name)
  return withDeadline(limits, async (signal) => {
    const [first] = await readMembers(election, signal)
    return first && candidateOf(first)
  })
}

/** Yields all candidates, the leader first, at the beginning and after each change, until the signal aborts. */
export async function* watchCandidates(
  namespace: Namespace,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Candidate[]> {
  const election = queueName(namespace, name)
  for await (const view of follow(namespace.backend, prefixOf(election), signal)) {
    if (!view.interrupted) yield membersOf(election, view.entries.values()).map(candidateOf)
  }
}

/** Yields the leader at the beginning and after each change, until the signal aborts. */
export async function* watchLeader(
  namespace: Namespace,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Candidate | undefined> {
  let known: Candidate | undefined | null = null
  for await (const [first] of watchCandidates(namespace, name, signal)) {
    if (known !== null && first?.token === known?.token && first?.id === known?.id) continue
    known = first
    yield first
  }
}

const queueName = (namespace: Namespace, name: string): QueueName => {
  keyIn(namespace, 'election', name)
  return { namespace, kind: 'election', name }
}

const candidateOf = ({ key, value, createRevision }: Entry): Candidate => ({
  id: Buffer.from(value).toString(),
  key,
  token: createRevision,
})

/** An id is printed on one line, so it follows the rules for a state. */
const checkId = (id: string): string => {
  if (id === '') throw new UsageError('the id is empty: write a name, or leave it out')
  return checkState(id)
}
