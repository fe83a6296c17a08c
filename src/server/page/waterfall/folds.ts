import type { WaitSpan } from '../../activity/protocol.ts'
import type { Bar } from './bars.ts'

/** Fewer equal waits than this are shown one by one. */
const FEWEST = 4

/** Equal waits begin, and end, at most so far (milliseconds) from the first of them. */
const NEAR = 5_000

/** So many groups of one kind are looked through: later waits are not near to earlier ones. */
const RECENT = 8

/** Where a row stands among those of its level, counted from 1. */
export interface Place {
  readonly position: number
  readonly of: number
}

/** Bars with equal waits as one row each; those of the rows that are opened follow their row. */
export const folded = (bars: readonly Bar[], opened: ReadonlySet<string>): Bar[] => {
  const groups = groupsOf(bars)
  const outer = groups.reduce((count, group) => count + (isFolded(group) ? 1 : group.length), 0)
  let position = 0
  const placed = (bar: Bar): Bar => {
    position++
    return { ...bar, place: { position, of: outer } }
  }
  return groups.flatMap((group) => {
    if (!isFolded(group)) return group.map(placed)
    const row = placed(foldOf(group))
    return opened.has(row.id) ? [row, ...group.map(inner)] : [row]
  })
}

const groupsOf = (bars: readonly Bar[]): Bar[][] => {
  const groups: Bar[][] = []
  const byKind = new Map<string, Bar[][]>()
  for (const bar of bars) {
    const kind = kindOf(bar)
    const alike = byKind.get(kind) ?? []
    const group = alike.findLast((one, index) => alike.length - index <= RECENT && isNear(one, bar))
    if (group) {
      group.push(bar)
      continue
    }
    const begun = [bar]
    groups.push(begun)
    byKind.set(kind, [...alike.slice(1 - RECENT), begun])
  }
  return groups
}

const kindOf = ({ wait, outcome }: Bar): string => {
  const { target, needs, reason, releasedBy } = wait
  const why = outcome === 'failed' || outcome === 'gone' ? reason : ''
  return JSON.stringify([target, needs, outcome, releasedBy, why])
}

const isNear = ([first]: readonly Bar[], { wait }: Bar): boolean => {
  const { since, until } = first?.wait ?? wait
  const isNearEnd = until === wait.until || Math.abs((until ?? 0) - (wait.until ?? 0)) <= NEAR
  return isNearEnd && wait.since - since <= NEAR
}

const isFolded = ({ length }: readonly Bar[]): boolean => length >= FEWEST

const foldOf = (group: readonly Bar[]): Bar => {
  const [first] = group as [Bar]
  const members = group.map(({ wait }) => wait)
  return { ...first, id: `all-${first.id}`, wait: { ...first.wait, ...endOf(members) }, members }
}

const inner = (bar: Bar, index: number, { length }: readonly Bar[]): Bar => ({
  ...bar,
  inner: true,
  place: { position: index + 1, of: length },
})

const endOf = (members: readonly WaitSpan[]): { until?: number } => {
  const ends = members.flatMap(({ until }) => until ?? [])
  return ends.length > 0 ? { until: ends.reduce((a, b) => Math.max(a, b)) } : {}
}
