import type { CommitResult, Guard, Write } from '../../backends/backend.ts'
import { put, remove, unchanged } from '../../backends/operations.ts'
import { IndeterminateError } from '../../errors.ts'
import { randomBytes } from '../../random.ts'
import { contention } from '../contention.ts'
import { whenAvailable } from '../retry.ts'
import { type Batch, HEADER } from './batch.ts'
import { encodeHead, type Head, type KnownHead, readHead } from './head.ts'
import { decodePage, encodePage } from './page.ts'
import type { Topic } from './topic.ts'
import { planTrim, type Retention } from './trim.ts'

/** Where the messages of a batch are. */
export interface Stored {
  /** The topic's id. */
  readonly topic: string
  readonly first: number
  readonly next: number
}

/** A page that is to be written, with the messages from `first` to before `end`. */
interface NewPage {
  readonly first: number
  readonly end: number
  readonly value: Uint8Array
}

/** A commit, and what it comes to. */
interface Plan {
  readonly guards: readonly Guard[]
  readonly writes: readonly Write[]
  readonly before: KnownHead
  readonly after: Head
}

/** A commit that was sent and not answered. */
interface Unanswered {
  readonly plan: Plan
  readonly error: IndeterminateError
}

/**
 * One publisher. Each batch is one commit, guarded by the head that it was planned from: of several publishers who
 * plan from the same head one passes, and the others plan anew from the head that refused them.
 */
export class Appender {
  readonly #topic: Topic
  readonly #retention: Retention
  readonly #id = randomBytes(6).toString('hex')
  #batches = 0
  /** As this publisher's last commit left it, or as another's refused this one's. */
  #known: KnownHead | undefined

  constructor(topic: Topic, retention: Retention) {
    this.#topic = topic
    this.#retention = retention
  }

  /**
   * Stores a batch exactly once.
   * @throws IndeterminateError no answer came, and whether it was stored cannot be known any more.
   */
  async append(batch: Batch, signal: AbortSignal | undefined): Promise<Stored> {
    this.#batches++
    let unanswered: Unanswered | undefined
    try {
      for (const pause of contention()) {
        const head = this.#known ?? (await this.#topic.open(signal))
        if (unanswered && head.modRevision !== unanswered.plan.before.modRevision) {
          if (await this.#passed(unanswered, head, signal)) return storedBy(unanswered.plan)
          unanswered = undefined
        }
        const plan: Plan = unanswered?.plan ?? (await this.#plan(batch, head, signal))
        const result = await this.#commit(plan, signal)
        if (result === 'passed') return storedBy(plan)
        if (result !== 'refused') unanswered = { plan, error: result }
        if (await pause(signal)) this.#known = undefined
        signal?.throwIfAborted()
      }
    } catch (error) {
      // Whatever keeps us from finding out: what was sent may have been stored.
      throw unanswered?.error ?? error
    }
    throw new Error('a contention never ends')
  }

  async #plan(batch: Batch, before: KnownHead, signal: AbortSignal | undefined): Promise<Plan> {
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
    return { guards: [unchanged(headKey, modRevision)], writes, before, after }
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

  async #commit(
    plan: Plan,
    signal: AbortSignal | undefined,
  ): Promise<'passed' | 'refused' | IndeterminateError> {
    const { backend } = this.#topic.space
    const { guards, writes, after } = plan
    this.#known = undefined
    try {
      const result = await whenAvailable({ signal }, () =>
        backend.commit(guards, writes, { signal }),
      )
      this.#known =
        result.outcome === 'ok' ? { head: after, modRevision: result.revision } : refusal(result)
      return result.outcome === 'ok' ? 'passed' : 'refused'
    } catch (error) {
      if (error instanceof IndeterminateError) return error
      throw error
    }
  }

  /**
   * Whether a commit that was not answered is in the store, once the head is another one than it was guarded by: it
   * cannot pass any more, and if it has passed, its messages are where it put them.
   */
  async #passed(
    { plan, error }: Unanswered,
    { head }: KnownHead,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { id, next } = plan.before.head
    const entry = await this.#topic.get(this.#topic.pageKey(next), signal)
    const page = entry && decodePage(entry, next)
    // Cleared or trimmed since: nobody can tell any more.
    if (head.id !== id || page?.topic !== id) throw error
    return page.publisher === this.#id && page.batch === this.#batches
  }
}

const storedBy = ({ before, after }: Plan): Stored => ({
  topic: after.id,
  first: before.head.next,
  next: after.next,
})

/** How many keys a commit can trim besides writing these pages. */
const roomBeside = (topic: Topic, pages: readonly NewPage[]): number => {
  const { maxCommitBytes, maxCommitOperations } = topic.space.backend.traits
  const size = pages.reduce((sum, { value }) => sum + value.length, 0)
  const keys = Math.floor((maxCommitBytes - size - HEADER) / Buffer.byteLength(topic.pageKey(0)))
  return Math.min(maxCommitOperations - 1, keys) - pages.length - 1
}

/** The head that refused a commit; none where it is gone. */
const refusal = (result: CommitResult): KnownHead | undefined => {
  const entry = result.outcome === 'refused' ? result.entries[0] : undefined
  return entry && readHead(entry)
}
