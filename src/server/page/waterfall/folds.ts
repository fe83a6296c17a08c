import type { WaitSpan } from '../../activity/protocol.ts'
import type { Bar } from './bar-model.ts'

/** Fewer equal waits than this are shown one by one. */
const FEWEST = 4

/**
 * The most milliseconds between the beginning of a wait and that of another wait in its group. The same limit applies
 * to the ends.
 */
const NEAR = 5_000

/** All beginnings of a group lie within this many milliseconds, and so do all ends. */
const SPREAD = 60_000

/** The number of groups of one kind that are considered. Later waits are not near to older groups. */
const RECENT = 8

/** Returns the rows for these bars. Equal waits form one row. The waits of an opened row follow it. */
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

/** Bars that belong together, and the times of their beginnings and ends. */
interface Group {
  readonly bars: Bar[]
  readonly first: number
  last: number
  /** Infinity while all waits of the group are pending. */
  earliestEnd: number
  latestEnd: number
}

const groupsOf = (bars: readonly Bar[]): Bar[][] => {
  const groups: Group[] = []
  const byKind = new Map<string, Group[]>()
  for (const bar of bars) {
    const kind = kindOf(bar)
    const alike = byKind.get(kind) ?? []
    const group = alike.findLast((one) => takes(one, bar)) ?? newGroup(bar)
    if (group.bars.length === 0) {
      groups.push(group)
      byKind.set(kind, [...alike.slice(1 - RECENT), group])
    }
    add(group, bar)
  }
  return groups.map(({ bars }) => bars)
}

const endOfBar = ({ wait: { until = Number.POSITIVE_INFINITY } }: Bar): number => until

const newGroup = (bar: Bar): Group => {
  const end = endOfBar(bar)
  const { since } = bar.wait
  return { bars: [], first: since, last: since, earliestEnd: end, latestEnd: end }
}

const add = (group: Group, bar: Bar): void => {
  const end = endOfBar(bar)
  group.bars.push(bar)
  group.last = bar.wait.since
  group.earliestEnd = Math.min(group.earliestEnd, end)
  group.latestEnd = Math.max(group.latestEnd, end)
}

/** Bars come in the order of their beginnings. Waits that follow one after the other do not form a group. */
const takes = (group: Group, bar: Bar): boolean => {
  const { since } = bar.wait
  const end = endOfBar(bar)
  const begins = since - group.last <= NEAR && since - group.first <= SPREAD
  if (!begins || since > group.latestEnd) return false
  if (end === group.latestEnd) return true
  const isNear = end >= group.earliestEnd - NEAR && end <= group.latestEnd + NEAR
  return isNear && end - group.earliestEnd <= SPREAD && group.latestEnd - end <= SPREAD
}

const kindOf = ({ wait, outcome }: Bar): string => {
  const { target, needs, reason, releasedBy } = wait
  const why = outcome === 'failed' || outcome === 'gone' ? reason : ''
  return JSON.stringify([target, needs, outcome, releasedBy, why])
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
