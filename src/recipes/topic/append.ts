import type { Entry } from '../../backends/backend.ts'
import { put, remove, unchanged } from '../../backends/operations.ts'
import { randomBytes } from '../../base/random.ts'
import { type Change, commitChange, type Plan, type Verdict } from '../core/commit.ts'
import { contention } from '../core/contention.ts'
import { type Batch, HEADER } from './batch.ts'
import { encodeHead, type Head, type KnownHead, readHead } from './head.ts'
import { decodePage, encodePage } from './page.ts'
import type { Topic } from './topic.ts'
import { planTrim, type Retention } from './trim.ts'

/** The place of a batch in the topic. */
export interface Stored {
  /** The topic's id. */
  readonly topic: string
  readonly first: number
  readonly next: number
}

/** A page that is to be written. It contains the messages from `first` up to, but not including, `end`. */
interface NewPage {
  readonly first: number
  readonly end: number
  readonly value: Uint8Array
}

/** A plan for a commit, with the head before and after it. */
interface AppendPlan extends Plan<Stored> {
  readonly before: KnownHead
  readonly after: Head
}

/**
 * One publisher. Each batch is one commit with the precondition that the head is unchanged. If several publishers plan
 * from the same head, one commit is applied. The others make a new plan from the head that the refusal returned.
 */
export class Appender {
  readonly #topic: Topic
  readonly #retention: Retention
  readonly #id = randomBytes(6).toString('hex')
  #batches = 0
  /** The head as this publisher's last commit left it. `undefined` if it has to be read. */
  #known: KnownHead | undefined

  constructor(topic: Topic, retention: Retention) {
    this.#topic = topic
    this.#retention = retention
  }

  /**
   * Stores a batch exactly once.
   * @throws IndeterminateError the store did not answer, and it can no longer be determined whether the batch was
   * stored.
   */
  async append(batch: Batch, signal: AbortSignal | undefined): Promise<Stored> {
    this.#batches++
    const { headKey, namespace } = this.#topic
    let known = this.#known
    this.#known = undefined
    const change: Change<Stored, AppendPlan> = {
      keys: [],
      plan: async (entries) => {
        const entry = entries.get(headKey)
        const head = entry ? readHead(entry) : (known ?? (await this.#topic.open(signal)))
        known = undefined
        return this.#plan(batch, head, signal)
      },
      applied: ({ after }, modRevision) => {
        this.#known = { head: after, modRevision }
      },
      wasApplied: (plan, entries, answered) =>
        answered ? 'not applied' : this.#verdict(plan, entries.get(headKey), signal),
    }
    return commitChange(namespace.backend, change, { signal }, contention())
  }

  async #plan(
    batch: Batch,
    before: KnownHead,
    signal: AbortSignal | undefined,
  ): Promise<AppendPlan> {
    const { head, modRevision } = before
    const { headKey } = this.#topic
    const next = head.next + batch.count
    const pages = this.#pages(batch, head)
    const room = roomBeside(this.#topic, pages)
    const trim = await planTrim(this.#topic, head, next, this.#retention, room, signal)
    const after: Head = {
      id: head.id,
      first: trim.first,
      next,
      last: pages.at(-1)?.first ?? head.last,
      largest: Math.max(head.largest, ...pages.map(({ value }) => value.length)),
      oldest: trim.oldest ?? { end: pages[0]?.end ?? next, time: Date.now() },
    }
    const writes = [
      ...pages.map(({ first, value }) => put(this.#topic.pageKey(first), value)),
      ...trim.keys.map(remove),
      put(headKey, encodeHead(after)),
    ]
    const result = { topic: head.id, first: head.next, next }
    return { preconditions: [unchanged(headKey, modRevision)], writes, result, before, after }
  }

  #pages(batch: Batch, { id, next }: Head): NewPage[] {
    const header = { topic: id, publisher: this.#id, batch: this.#batches, time: Date.now() }
    let end = next
    return batch.pages.map((messages) => {
      const first = end
      end += messages.length
      return { first, end, value: encodePage(header, messages) }
    })
  }

  /** Called when the head has changed. If the commit was applied, its messages are where it put them. */
  async #verdict(
    { before }: AppendPlan,
    headEntry: Entry | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Verdict> {
    const { id, next } = before.head
    const entry = await this.#topic.get(this.#topic.pageKey(next), signal)
    const page = entry && decodePage(entry, next)
    // The topic was cleared or trimmed since then.
    if (!headEntry || readHead(headEntry).head.id !== id || page?.topic !== id) return 'unknown'
    const isOurs = page.publisher === this.#id && page.batch === this.#batches
    return isOurs ? 'applied' : 'not applied'
  }
}

/** The number of keys that a commit can remove in addition to writing these pages. */
const roomBeside = (topic: Topic, pages: readonly NewPage[]): number => {
  const { maxCommitBytes, maxCommitOperations } = topic.namespace.backend.traits
  const size = pages.reduce((sum, { value }) => sum + value.length, 0)
  const keys = Math.floor((maxCommitBytes - size - HEADER) / Buffer.byteLength(topic.pageKey(0)))
  return Math.min(maxCommitOperations - 1, keys) - pages.length - 1
}
