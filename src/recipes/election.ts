import type { Entry } from '../backends/backend.ts'
import { UsageError } from '../base/errors.ts'
import { type Limits, withDeadline } from './core/deadline.ts'
import { checkState } from './core/keys.ts'
import { keyIn, type Namespace } from './core/namespace.ts'
import { type Line, MUTEX, membersOf, prefixOf, readMembers } from './core/queue.ts'
import { type QueueEntry, QueueOwnership } from './core/queue-entry.ts'
import { type TurnOptions, takeTurn } from './core/take-turn.ts'
import { follow } from './core/view.ts'

export interface CampaignOptions extends TurnOptions {
  /** Milliseconds to wait; 0 or nothing is no limit. */
  readonly timeout?: number | undefined
}

/** Who stands for an election. */
export interface Candidate {
  readonly id: string
  /** The own key in the queue. */
  readonly key: string
  /** Of a leader its fencing token. */
  readonly token: number
}

/**
 * Leads, while this process lives, those who campaign under the same name: the next one is who has campaigned longest.
 *
 * The algorithm is that of etcd's `concurrency.Election`, whose keys it shares. As with a lock, a process that was
 * stopped for longer than its TTL may believe for a moment that it still leads; what must not be harmed then has to
 * compare the tokens.
 */
export class Leadership extends QueueOwnership implements Candidate {
  readonly id: string

  private constructor(id: string, entry: QueueEntry, { createRevision }: Entry) {
    super(entry, createRevision)
    this.id = id
  }

  /**
   * Campaigns under an id until it leads.
   * @throws NoError with `try`, another one leads.
   * @throws TimeoutError, UnavailableError at the deadline; the candidacy is withdrawn.
   */
  static campaign(
    namespace: Namespace,
    name: string,
    id: string,
    options: CampaignOptions = {},
  ): Promise<Leadership> {
    const queue = { ...line(namespace, name), ...MUTEX, value: checkId(id) }
    return withDeadline(options, (signal) =>
      takeTurn(queue, { ...options, signal }, async (entry, own) => new Leadership(id, entry, own)),
    )
  }

  /** Lets the next one lead: as `release`. */
  resign(signal?: AbortSignal): Promise<void> {
    return this.release(signal)
  }
}

/** Who leads; nothing where nobody does. */
export const leader = (
  namespace: Namespace,
  name: string,
  limits: Limits = {},
): Promise<Candidate | undefined> => {
  const election = line(namespace, name)
  return withDeadline(limits, async (signal) => {
    const [first] = await readMembers(election, signal)
    return first && candidateOf(first)
  })
}

/** All candidates, the leader first, at the beginning and whenever they change, until the signal aborts. */
export async function* watchCandidates(
  namespace: Namespace,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<Candidate[]> {
  const election = line(namespace, name)
  for await (const view of follow(namespace.backend, prefixOf(election), signal)) {
    if (!view.interrupted) yield membersOf(election, view.entries.values()).map(candidateOf)
  }
}

/** Who leads, at the beginning and whenever that changes, until the signal aborts. */
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

const line = (namespace: Namespace, name: string): Line => {
  keyIn(namespace, 'election', name)
  return { namespace, kind: 'election', name }
}

const candidateOf = ({ key, value, createRevision }: Entry): Candidate => ({
  id: Buffer.from(value).toString(),
  key,
  token: createRevision,
})

/** An id is printed on a line, as a state is. */
const checkId = (id: string): string => {
  if (id === '') throw new UsageError('the id is empty: leave it out, or give a name')
  return checkState(id)
}
