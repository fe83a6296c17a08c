import { type Limits, withDeadline } from '../deadline.ts'
import { type Kind, type ShownKind, traitsOf } from '../kinds.ts'
import { whenAvailable } from '../retry.ts'
import { allRecords } from '../session-record.ts'
import { keyIn, prefixIn, type Space } from '../space.ts'
import { pipeRows } from './pipes.ts'
import { isQueued } from './queued.ts'
import { type QueueKind, queueRows } from './queues.ts'
import type { Sources, StatusRow } from './row.ts'
import { signalRows } from './signals.ts'
import { topicRows } from './topics.ts'
import { barrierRows, doneRows, valueRows } from './values.ts'
import { observedRows, waiterRows } from './waiters.ts'

type Rows = (sources: Sources) => StatusRow[]

/** What is shown of each kind, in this order. Topics follow. */
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

/** Those whose changes alter a status at once. */
export const WATCHED: readonly Kind[] = [...KINDS_SHOWN.map(([kind]) => kind), 'session']

/**
 * What is going on in a namespace: who holds, leads, waits and queues, and what there is. One listing for each kind, one
 * after the other, so things that change meanwhile may be seen in two states.
 */
export const status = (space: Space, limits: Limits = {}): Promise<StatusRow[]> =>
  withDeadline(limits, async (signal) => {
    const listings: (readonly [Rows, Sources['entries']])[] = []
    for (const [kind, rows] of KINDS_SHOWN) {
      const read = () => space.backend.list(prefixIn(space, kind), { signal })
      listings.push([rows, (await whenAvailable({ signal }, read)).entries])
    }
    // After the listings, so that whoever has come meanwhile is known.
    const records = await whenAvailable({ signal }, () => allRecords(space, signal))
    const shown = listings.flatMap(([rows, entries]) => rows({ space, entries, records }))
    return [...shown, ...(await observedRows(space, signal)), ...(await topicRows(space, signal))]
  })

/** How many wait for a lock, to lead, for their turn of `once`, and at a barrier. */
export const countQueued = async (space: Space, signal: AbortSignal): Promise<number> => {
  let count = 0
  for (const [kind, rows] of KINDS_SHOWN) {
    if (!traitsOf(kind).queued) continue
    const { entries } = await space.backend.list(prefixIn(space, kind), { signal })
    count += rows({ space, entries, records: new Map() }).filter(isQueued).length
  }
  return count
}

/** Everybody in one queue, in the order in which they came. */
export const queueStatus = (
  space: Space,
  kind: QueueKind,
  name: string,
  limits: Limits = {},
): Promise<StatusRow[]> =>
  withDeadline(limits, async (signal) => {
    const read = () => space.backend.list(`${keyIn(space, kind, name)}/`, { signal })
    const { entries } = await whenAvailable({ signal }, read)
    const records = await whenAvailable({ signal }, () => allRecords(space, signal))
    // The queue of a/b lies below that of a.
    return queueRows(kind, { space, entries, records }).filter((row) => row.name === name)
  })
