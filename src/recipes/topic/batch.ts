import { UsageError } from '../../base/errors.ts'
import type { Namespace } from '../core/namespace.ts'
import { sizeInPage } from './page.ts'
import { Topic } from './topic.ts'

/** A page is closed when it has so many bytes, unless one message alone has more, … */
const FULL_PAGE = 64 * 1024
/** … or so many messages: whoever begins with a message within a page finds the page among as many keys. */
export const MAX_PAGE_MESSAGES = 1_000

/** Bytes of a page's header, or of a head. */
export const HEADER = 256

/** A batch takes so much of a commit's operations; what is trimmed at the same time takes the rest. */
const SHARE = 1 / 4

/** At least so many keys can be trimmed in a commit however large its messages are. */
const TRIMMED = 8

/** What one commit can hold besides the head. */
interface BatchLimits {
  readonly store: string
  readonly bytes: number
  readonly pages: number
  /** What a page costs besides its messages, bytes. */
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

/** The most bytes that a message of a topic may have. */
export const maxMessageLength = (namespace: Namespace, topic: string): number =>
  longest(limitsOf(new Topic(namespace, topic)))

/** Less what stands before and behind it. */
const longest = ({ bytes, overhead }: BatchLimits): number => bytes - overhead - 16

/** @throws UsageError naming the limit. */
export const checkMessage = ({ length }: Uint8Array, limits: BatchLimits): void => {
  const most = longest(limits)
  if (length <= most) return
  throw new UsageError(
    `a message of ${length} bytes or more exceeds the limit of ${limits.store} (${most} bytes)`,
  )
}

/** Messages that go into one commit, packed into pages as they come. */
export class Batch {
  readonly pages: Uint8Array[][] = []
  readonly #limits: BatchLimits
  #bytes = 0
  #inPage = 0
  count = 0

  constructor(limits: BatchLimits) {
    this.#limits = limits
  }

  /** False: it has no room for the message, which then belongs into the next batch. */
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
