import { type Limits, withDeadline } from '../core/deadline.ts'
import { keyIn, type Namespace, prefixIn } from '../core/namespace.ts'
import { retryUntilAvailable } from '../core/retry.ts'
import { allRecords } from '../core/session-record.ts'
import { type Kind, type ShownKind, traitsOf } from '../kinds.ts'
import { pipeRows } from './pipes.ts'
import { isQueued } from './queued.ts'
import { type QueueKind, queueRows } from './queues.ts'
import type { Sources, StatusRow } from './row.ts'
import { signalRows } from './signals.ts'
import { topicRows } from './topics.ts'
import { barrierRows, doneRows, valueRows } from './values.ts'
import { observedRows, waiterRows } from './waiters.ts'

type Rows = (sources: Sources) => StatusRow[]

/** The rows of each kind, in this order. The rows of topics follow them. */
const ROWS: Readonly<Record<ShownKind, Rows>> = {
  signal: signalRows,
  lock: (sources) => queueRows('lock', sources),
  election: (sources) => queueRows('election', sources),
  once: (sources) => [...queueRows('once', sources), ...doneRows(sources)],
  counter: (sources) => valueRows('counter', sources),
  waitgroup: (sources) => valueRows('waitgroup', sources),
  barrier: barrierRows,
  pipe: pipeRows,
  waiter: waiterRows,
}

const KINDS_SHOWN = Object.entries(ROWS) as [ShownKind, Rows][]

/** The kinds whose changes make `watchStatus` read the status again at once. */
export const WATCHED: readonly Kind[] = [...KINDS_SHOWN.map(([kind]) => kind), 'session']

/**
 * The status of a namespace: its holders, leaders, waiters and queues, and the things in it. It makes one listing for
 * each kind, one after the other. A thing that changes meanwhile may appear in two states.
 */
export const status = (namespace: Namespace, limits: Limits = {}): Promise<StatusRow[]> =>
  withDeadline(limits, async (signal) => {
    const listings: (readonly [Rows, Sources['entries']])[] = []
    for (const [kind, rows] of KINDS_SHOWN) {
      const read = () => namespace.backend.list(prefixIn(namespace, kind), { signal })
      listings.push([rows, (await retryUntilAvailable({ signal }, read)).entries])
    }
    // Read after the listings, so that the records of new sessions are included.
    const records = await retryUntilAvailable({ signal }, () => allRecords(namespace, signal))
    const shown = listings.flatMap(([rows, entries]) => rows({ namespace, entries, records }))
    return [
      ...shown,
      ...(await observedRows(namespace, signal)),
      ...(await topicRows(namespace, signal)),
    ]
  })

/** The number of sessions that wait for a lock, campaign, wait for their turn of `once`, or wait at a barrier. */
export const countQueued = async (namespace: Namespace, signal: AbortSignal): Promise<number> => {
  let count = 0
  for (const [kind, rows] of KINDS_SHOWN) {
    if (!traitsOf(kind).queued) continue
    const { entries } = await namespace.backend.list(prefixIn(namespace, kind), { signal })
    count += rows({ namespace, entries, records: new Map() }).filter(isQueued).length
  }
  return count
}

/** All members of one queue, in the order in which they came. */
export const queueStatus = (
  namespace: Namespace,
  kind: QueueKind,
  name: string,
  limits: Limits = {},
): Promise<StatusRow[]> =>
  withDeadline(limits, async (signal) => {
    const read = () => namespace.backend.list(`${keyIn(namespace, kind, name)}/`, { signal })
    const { entries } = await retryUntilAvailable({ signal }, read)
    const records = await retryUntilAvailable({ signal }, () => allRecords(namespace, signal))
    // The queue of `a/b` is below the prefix of `a`, so the listing contains it.
    return queueRows(kind, { namespace, entries, records }).filter((row) => row.name === name)
  })
