import type { Entry } from '../../backends/backend.ts'
import { ConflictError } from '../../base/errors.ts'

/** What is known of a topic at a glance. Every publish is a commit guarded by it. */
export interface Head {
  /** Tells the topic from another one that had its name before, or has it after the store was emptied. */
  readonly id: string
  /** The oldest message that is kept: the first one of a page. */
  readonly first: number
  /** The number that the next message gets. */
  readonly next: number
  /** Where the newest page begins. */
  readonly last: number
  /** No page has more bytes than this. */
  readonly largest: number
  /** Of the oldest page: no later than where it ends, and than when it was stored (wall-clock milliseconds). */
  readonly oldest: { readonly end: number; readonly time: number }
}

/** A head, and the commit that wrote it. */
export interface KnownHead {
  readonly head: Head
  readonly modRevision: number
}

export const encodeHead = (head: Head): string => JSON.stringify(head)

/** @throws ConflictError something else is stored there. */
export const readHead = ({ key, value, modRevision }: Entry): KnownHead => {
  const head = parse(value)
  if (!isHead(head)) throw new ConflictError(`${key} is not the head of a topic`)
  return { head, modRevision }
}

const isHead = (value: unknown): value is Head => {
  const { id, first, next, last, largest, oldest } = (value ?? {}) as Partial<Head>
  const numbers = [first, next, last, largest, oldest?.end, oldest?.time]
  return typeof id === 'string' && numbers.every((number) => Number.isSafeInteger(number))
}

const parse = (value: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(value).toString())
  } catch {
    return undefined
  }
}
