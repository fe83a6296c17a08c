import type { Head } from './head.ts'
import { listPages, pagesIn } from './listing.ts'
import type { Page } from './page.ts'
import type { Topic } from './topic.ts'

/** What is kept, of what was published before. */
export interface Retention {
  /** So many of the newest messages; `undefined`: all. */
  readonly messages?: number | undefined
  /** Those of so many of the newest milliseconds; `undefined`: all. */
  readonly age?: number | undefined
  /** However many there are, those of so many of the newest milliseconds. */
  readonly grace?: number | undefined
}

/** The oldest pages that are to go. */
export interface Trim {
  readonly keys: readonly string[]
  readonly first: number
  /** Of the oldest page that remains; `undefined` where none does. */
  readonly oldest?: Head['oldest']
}

/** A listing of pages has no more bytes than about this. */
const LISTED = 1024 * 1024

/** A share of what is kept may remain too long, so that pages go several at a time: one check costs as much. */
const SLACK = 1 / 100
const MAX_TIME_SLACK = 60_000
const MAX_MESSAGE_SLACK = 64

/** What may go when the topic will have grown to `next`, in `room` operations at most. */
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

/** Messages before `number` may go if they were stored before `settled`, and all that were stored before `time`. */
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

/** Where the listing ends before what remains, the last page that went says from where on that may begin. */
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
