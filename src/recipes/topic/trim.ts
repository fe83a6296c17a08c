import type { Head } from './head.ts'
import { listPages, pagesIn } from './listing.ts'
import type { Page } from './page.ts'
import type { Topic } from './topic.ts'

/** The messages to keep. A message is removed as soon as either `messages` or `age` allows it. */
export interface Retention {
  /** Keeps this many of the newest messages. `undefined`: no limit. */
  readonly messages?: number | undefined
  /** Keeps the messages of the last `age` milliseconds. `undefined`: no limit. */
  readonly age?: number | undefined
  /** Keeps the messages of the last `grace` milliseconds, even if there are more than `messages`. Default: 0. */
  readonly grace?: number | undefined
}

/** The oldest pages that are to be removed. */
export interface Trim {
  readonly keys: readonly string[]
  readonly first: number
  /** The bounds of the oldest page that remains. `undefined` if no page remains. */
  readonly oldest?: Head['oldest']
}

/** The approximate maximum number of bytes of a listing of pages. */
const LISTED = 1024 * 1024

/**
 * Messages may be kept longer than required, by this share of what is kept, and at most by these milliseconds and this
 * number of messages. So several pages are removed at once, because one check costs as much as the removal of several
 * pages.
 */
const SLACK = 1 / 100
const MAX_TIME_SLACK = 60_000
const MAX_MESSAGE_SLACK = 64

/** Plans which pages to remove when the topic grows to `next`, with at most `room` operations. */
export const planTrim = async (
  topic: Topic,
  head: Head,
  next: number,
  retention: Retention,
  room: number,
  signal: AbortSignal | undefined,
): Promise<Trim> => {
  const { first, oldest } = head
  if (first === head.next) return { keys: [], first }
  const bounds = boundsOf(retention, next)
  if (room < 1 || !isDue(oldest, bounds, retention)) return { keys: [], first, oldest }
  const limit = Math.min(room, pagesIn(LISTED, head))
  const listed = await listPages(topic, first - 1, limit, signal)
  const pages = listed.filter((page) => page.first < head.next)
  const ours = (page: Page) => page.topic === head.id
  const kept = pages.find((page) => ours(page) && !isOutside(endOf(page), bounds))
  const gone = kept ? pages.slice(0, pages.indexOf(kept)) : pages
  return {
    keys: gone.map((page) => topic.pageKey(page.first)),
    ...remaining(head, kept, gone.findLast(ours)),
  }
}

/**
 * Messages before `number` may be removed if they were stored before `settled`. All messages that were stored before
 * `time` may be removed.
 */
interface Bounds {
  readonly number: number
  readonly settled: number
  readonly time: number
}

const boundsOf = ({ messages, age, grace = 0 }: Retention, next: number): Bounds => ({
  number: messages === undefined ? 0 : next - messages,
  settled: grace === 0 ? Number.POSITIVE_INFINITY : Date.now() - grace,
  time: age === undefined ? 0 : Date.now() - age,
})

const isDue = (oldest: Head['oldest'], bounds: Bounds, retention: Retention): boolean => {
  const { messages = 0, age = 0 } = retention
  return isOutside(oldest, {
    ...bounds,
    number: bounds.number - Math.min(Math.floor(messages * SLACK), MAX_MESSAGE_SLACK),
    time: bounds.time - Math.min(age * SLACK, MAX_TIME_SLACK),
  })
}

const isOutside = (
  { end, time }: Head['oldest'],
  { number, settled, time: old }: Bounds,
): boolean => (end <= number && time < settled) || time < old

const endOf = ({ first, messages, time }: Page): Head['oldest'] => ({
  end: first + messages.length,
  time,
})

/** If the listing ends before the first page that remains, the last removed page gives the bounds for that page. */
const remaining = (
  head: Head,
  kept: Page | undefined,
  gone: Page | undefined,
): Pick<Trim, 'first' | 'oldest'> => {
  if (kept) return { first: kept.first, oldest: endOf(kept) }
  if (!gone) return { first: head.first, oldest: head.oldest }
  const { end, time } = endOf(gone)
  return end < head.next ? { first: end, oldest: { end: end + 1, time } } : { first: end }
}
