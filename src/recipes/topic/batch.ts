import { UsageError } from '../../base/errors.ts'
import type { Namespace } from '../core/namespace.ts'
import { sizeInPage } from './page.ts'
import { Topic } from './topic.ts'

/** Bytes. A page is closed when it has this size. Only a page with a single message may be larger. */
const FULL_PAGE = 64 * 1024
/**
 * A page is closed when it has this many messages. So a reader that starts in the middle of a page finds the page
 * within this many keys before its position.
 */
export const MAX_PAGE_MESSAGES = 1_000

/** The maximum number of bytes of a page's header, or of a head. */
export const HEADER = 256

/** The share of a commit's operations that a batch may use. The removal of old pages uses the rest. */
const SHARE = 1 / 4

/** The number of keys that a commit can always remove, however large its messages are. */
const TRIMMED = 8

/** The limits of one commit, without the head. */
interface BatchLimits {
  readonly store: string
  readonly bytes: number
  readonly pages: number
  /** The bytes that a page needs in addition to its messages. */
  readonly overhead: number
}

export const limitsOf = ({ namespace, headKey }: Topic): BatchLimits => {
  const { name, maxCommitBytes, maxCommitOperations } = namespace.backend.traits
  const key = Buffer.byteLength(headKey) + 8
  return {
    store: name,
    bytes: maxCommitBytes - (key + HEADER) - TRIMMED * key,
    pages: Math.max(1, Math.floor((maxCommitOperations - 2) * SHARE)),
    overhead: key + HEADER,
  }
}

/** The maximum number of bytes of a message in a topic. */
export const maxMessageLength = (namespace: Namespace, topic: string): number =>
  longest(limitsOf(new Topic(namespace, topic)))

/** The limit of a commit, minus the bytes around the message. */
const longest = ({ bytes, overhead }: BatchLimits): number => bytes - overhead - 16

/** @throws UsageError the message is too long; the error names the limit. */
export const checkMessage = ({ length }: Uint8Array, limits: BatchLimits): void => {
  const most = longest(limits)
  if (length <= most) return
  throw new UsageError(
    `a message of ${length} bytes or more exceeds the limit of ${limits.store} (${most} bytes): shorten it`,
  )
}

/** Messages that go into one commit. They are packed into pages as they arrive. */
export class Batch {
  readonly pages: Uint8Array[][] = []
  readonly #limits: BatchLimits
  #bytes = 0
  #inPage = 0
  count = 0

  constructor(limits: BatchLimits) {
    this.#limits = limits
  }

  /** Returns false if there is no room for the message. Then the message belongs into the next batch. */
  add(message: Uint8Array): boolean {
    const size = sizeInPage(message)
    const page = this.#openPage(size)
    const added = page ? size : size + this.#limits.overhead
    if (this.#bytes + added > this.#limits.bytes) return false
    if (!page && this.pages.length === this.#limits.pages) return false
    if (page) page.push(message)
    else this.pages.push([message])
    this.#inPage = page ? this.#inPage + size : size
    this.#bytes += added
    this.count++
    return true
  }

  #openPage(size: number): Uint8Array[] | undefined {
    const page = this.pages.at(-1)
    const full = this.#inPage + size > FULL_PAGE || page?.length === MAX_PAGE_MESSAGES
    return full ? undefined : page
  }
}
