import { isQueued } from '../../../recipes/status/queued.ts'
import type { StatusRow } from '../../../recipes/status/row.ts'
import type { Activity, WaitSpan } from '../../activity/protocol.ts'
import { visible } from './text.ts'
import { whoText } from './who.ts'

/** One waiter: a request, a process, or a queue entry. */
export interface Waiting {
  readonly id: string
  /** Such as `db`, `deploy/`, `lock release` or `barrier start`. */
  readonly target: string
  readonly who: string
  /** Says what is missing. */
  readonly reason: string
  /** Milliseconds since 1970. `undefined`: the time is not known. */
  readonly since: number | undefined
}

/** Describes the processes in front of a queue, by their state. */
const HOLDING: Readonly<Record<string, string>> = {
  holds: 'held by',
  leads: 'led by',
  runs: 'run by',
}

/** Returns the waiters, longest wait first. If there are more than the server lists, returns the listed ones. */
export const waitingIn = ({ waits, status }: Activity): Waiting[] => {
  const open = waits.filter(({ until }) => until === undefined)
  const queues = Map.groupBy(status.filter(isQueued), queueOf)
  const own = Map.groupBy(open, ({ target }) => target)
  const queued = [...queues].flatMap(([queue, rows]) => {
    // A request that waits in a queue is both a wait and a row of the status.
    const requests = own.get(queue)?.filter(({ kind }) => kind === rows[0]?.kind) ?? []
    return withoutRequests(rows, requests.length).map((row, index) => ({
      id: `${queue}:${index}`,
      target: queue,
      who: whoOf(row),
      reason: reasonIn(status, row.kind, row.name),
      since: sinceOf(row),
    }))
  })
  return [...open.map(ofWait), ...queued].sort(bySince)
}

const ofWait = ({ id, target, waiter, reason = '', since }: WaitSpan): Waiting => ({
  ...{ id, target, reason, since },
  who: whoText(waiter),
})

/** Adds reasons to requests that wait in a queue. The status shows what they wait for. */
export const explained = (activity: Activity): Activity => {
  const { waits, status } = activity
  const explain = (wait: WaitSpan): WaitSpan => {
    const { kind, target, reason, until } = wait
    if (kind === undefined || reason !== undefined || until !== undefined) return wait
    return { ...wait, reason: reasonIn(status, kind, target.slice(kind.length + 1)) }
  }
  return { ...activity, waits: waits.map(explain) }
}

const queueOf = ({ kind, name }: StatusRow): string => `${kind} ${name}`

/** Rows that a server holds for a client are removed first, because they belong to the requests. */
const withoutRequests = (rows: readonly StatusRow[], requests: number): StatusRow[] => {
  let left = requests
  const isRequest = ({ holder }: StatusRow) => holder?.by !== undefined && left-- > 0
  const others = rows.filter((row) => !isRequest(row))
  return others.slice(0, Math.max(0, rows.length - requests))
}

const whoOf = ({ id, holder }: StatusRow): string =>
  id === undefined || id === holder?.host
    ? whoText(holder)
    : [visible(id), whoText(holder)].filter(Boolean).join(' · ')

const sinceOf = ({ holder }: StatusRow): number | undefined => {
  const since = Date.parse(holder?.since ?? '')
  return Number.isFinite(since) ? since : undefined
}

/** Returns the reason of a wait in a queue: `held by app-1 · 4711`, `2 of 3 arrived`. */
const reasonIn = (status: Activity['status'], kind: string, name: string): string => {
  const rows = status.filter((row) => row.kind === kind && row.name === name && !isQueued(row))
  const [first, ...others] = rows
  if (!first) return ''
  const holding = HOLDING[first.state]
  if (holding === undefined) return kind === 'barrier' ? first.state : ''
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  return `${holding} ${whoOf(first) || 'another program'}${more}`
}

const bySince = (a: Waiting, b: Waiting): number =>
  (a.since ?? Number.POSITIVE_INFINITY) - (b.since ?? Number.POSITIVE_INFINITY)
