import { retryUntilAvailable } from '../core/retry.ts'
import { decodePage, type Page } from './page.ts'
import type { Topic } from './topic.ts'

/**
 * Lists pages that begin after a number. Some of them may belong to an earlier topic of the same name that was cleared.
 */
export const listPages = async (
  topic: Topic,
  after: number,
  limit: number,
  signal: AbortSignal | undefined,
): Promise<Page[]> => {
  const { backend } = topic.namespace
  const { entries } = await retryUntilAvailable({ signal }, () =>
    backend.list(topic.prefix, { after: topic.pageKey(after), limit, signal }),
  )
  return entries.flatMap((entry) => {
    const number = topic.numberOf(entry.key)
    return number === undefined ? [] : [decodePage(entry, number)]
  })
}

/** The number of pages that a listing of this many bytes may contain: at least one, at most 1 000. */
export const pagesIn = (bytes: number, { largest }: { largest: number }): number =>
  Math.max(1, Math.min(Math.floor(bytes / largest), 1_000))
