import { MAX_PAGE_MESSAGES } from './batch.ts'
import { type Head, readHead } from './head.ts'
import { listPages, pagesIn } from './listing.ts'
import { decodePage, type Page } from './page.ts'
import { GapError, gapIn, isSound, type Position } from './position.ts'
import type { Topic } from './topic.ts'

/** The approximate number of bytes that are read at once. A single page may be larger. */
export const REPLY = 2 * 1024 * 1024

/** Bytes. Larger pages are read one by one, because a store may have to go through all of them to list some. */
const SMALL = 16 * 1024

/**
 * Reads messages from a position on, about `bytes` bytes at once. Returns at least one message if the head shows that
 * there is one.
 * @throws GapError the messages are no longer in the topic.
 */
export const read = async (
  topic: Topic,
  head: Head,
  position: Position,
  bytes: number,
  signal: AbortSignal,
): Promise<Uint8Array[]> => {
  const pages = await readPages(topic, head, position, bytes, signal)
  const skipped = position.next - (pages[0]?.first ?? position.next)
  return pages.flatMap(({ messages }) => messages).slice(skipped)
}

const readPages = async (
  topic: Topic,
  head: Head,
  position: Position,
  bytes: number,
  signal: AbortSignal,
): Promise<Page[]> => {
  if (areManySmall(head, position)) {
    // If the reader is slow, its head is old, and pages may have become larger since then.
    const now = await headWithoutGap(topic, position, signal)
    const pages = await listPages(topic, position.next - 1, pagesIn(bytes, now), signal)
    // The position must not pass the head that the caller has seen.
    const row = inARow(pages, position).filter(({ first }) => first < head.next)
    if (row.length > 0) return row
  }
  return [(await pageAt(topic, position, signal)) ?? (await pageAround(topic, position, signal))]
}

const areManySmall = ({ next, last, largest }: Head, position: Position): boolean =>
  largest <= SMALL && position.next < last && position.next < next - 1

/** The pages that follow each other without a gap from the position on. */
const inARow = (pages: readonly Page[], { topic, next }: Position): Page[] => {
  let end = next
  return pages.filter((page) => {
    const follows = page.topic === topic && page.first === end
    if (follows) end += page.messages.length
    return follows
  })
}

/** The page that begins at the position, if there is one. */
const pageAt = async (
  topic: Topic,
  position: Position,
  signal: AbortSignal,
): Promise<Page | undefined> => {
  const entry = await topic.get(topic.pageKey(position.next), signal)
  const page = entry && decodePage(entry, position.next)
  return page?.topic === position.topic ? page : undefined
}

/** The page that contains the position. It begins less than one full page of messages before the position. */
const pageAround = async (topic: Topic, position: Position, signal: AbortSignal): Promise<Page> => {
  const head = await headWithoutGap(topic, position, signal)
  for (let after = Math.max(0, position.next - MAX_PAGE_MESSAGES); after < position.next; ) {
    const pages = await listPages(topic, after, pagesIn(REPLY, head), signal)
    const page = pages.find((one) => contains(one, position))
    if (page) return page
    after = pages.at(-1)?.first ?? position.next
  }
  const { id, next } = await headWithoutGap(topic, position, signal)
  const message = `message ${position.next} of ${topic.name} is lost: it was deleted by another client`
  throw new GapError(message, { topic: id, next })
}

const contains = ({ topic, first, messages }: Page, position: Position): boolean =>
  topic === position.topic && first <= position.next && position.next < first + messages.length

/**
 * Reads the current head.
 * @throws GapError some messages from the position on are missing.
 */
export const headWithoutGap = async (
  topic: Topic,
  position: Position,
  signal: AbortSignal,
): Promise<Head> => {
  const entry = await topic.get(topic.headKey, signal)
  const head = entry && readHead(entry).head
  if (head && isSound(head, position)) return head
  throw gapIn(topic.name, head, position)
}
