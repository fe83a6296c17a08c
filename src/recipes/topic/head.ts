import type { Entry } from '../../backends/backend.ts'
import { ConflictError } from '../../base/errors.ts'

/** The summary of a topic. Every publish is a commit with the precondition that the head is unchanged. */
export interface Head {
  /**
   * Distinguishes the topic from another one with the same name: an earlier one, or one after the store was emptied.
   */
  readonly id: string
  /** The number of the oldest message that is kept. It is the first message of a page. */
  readonly first: number
  /** The number of the next message. */
  readonly next: number
  /** The number of the first message of the newest page. */
  readonly last: number
  /** The size of the largest page so far, in bytes. */
  readonly largest: number
  /**
   * Lower bounds for the oldest page: the number after its last message, and when it was stored (wall-clock
   * milliseconds).
   */
  readonly oldest: { readonly end: number; readonly time: number }
}

/** A head, and the revision that wrote it. */
export interface KnownHead {
  readonly head: Head
  readonly modRevision: number
}

export const encodeHead = (head: Head): string => JSON.stringify(head)

/** @throws ConflictError the value is not the head of a topic. */
export const readHead = ({ key, value, modRevision }: Entry): KnownHead => {
  const head = parse(value)
  if (!isHead(head))
    throw new ConflictError(`${key} is not the head of a topic: clear it, or choose another name`)
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
