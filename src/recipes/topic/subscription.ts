import type { Entry } from '../../backends/backend.ts'
import { type CoordinationError, describe, TimeoutError } from '../../base/errors.ts'
import type { Namespace } from '../core/namespace.ts'
import { cleanupSignal } from '../core/retry.ts'
import { follow } from '../core/view.ts'
import { Cursor } from './cursor.ts'
import { type Head, readHead } from './head.ts'
import { type From, GapError, isSound, type Position, parseFrom } from './position.ts'
import { headWithoutGap, REPLY, read } from './read.ts'
import { Topic } from './topic.ts'

export interface SubscriptionOptions {
  /** Where to begin. Default: `now`. */
  readonly from?: From | undefined
  /** Continues where the last subscriber of this name left off. `from` applies only if there was none. */
  readonly as?: string | undefined
  /**
   * The approximate number of bytes that are read at once. The memory holds this many bytes of messages that were not
   * requested yet. Default: 2 MiB.
   */
  readonly readAhead?: number | undefined
  /**
   * Called each time that the store has become unreachable. The subscription waits for it. Also called with a warning
   * that messages may be delivered again.
   */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** Consecutive messages of a topic. `first`: the number of the first one. */
export interface Messages {
  readonly topic: string
  readonly first: number
  readonly messages: readonly Uint8Array[]
}

/** One subscriber with a position in a topic. It misses no message from its position on. */
export class Subscription {
  readonly #topic: Topic
  readonly #cursor: Cursor | undefined
  readonly #onTrouble: SubscriptionOptions['onTrouble']
  readonly #readAhead: number
  #position: Position
  #interrupted: CoordinationError | undefined

  private constructor(
    topic: Topic,
    cursor: Cursor | undefined,
    position: Position,
    { onTrouble, readAhead = REPLY }: SubscriptionOptions,
  ) {
    this.#readAhead = readAhead
    this.#topic = topic
    this.#cursor = cursor
    this.#onTrouble = onTrouble
    this.#position = position
  }

  /** Resolves when no message that is published from then on can be missed. */
  static async open(
    namespace: Namespace,
    name: string,
    options: SubscriptionOptions,
    signal: AbortSignal,
  ): Promise<Subscription> {
    const { from = 'now', as } = options
    const topic = new Topic(namespace, name)
    const begin = parseFrom(from)
    const cursor = as === undefined ? undefined : new Cursor(topic, as)
    const { head } = await topic.open(signal)
    const start = begin(head)
    const position = cursor ? await cursor.claim(start, signal) : start
    return new Subscription(topic, cursor, position, options)
  }

  /** Whether the store keeps its position. */
  get named(): boolean {
    return this.#cursor !== undefined
  }

  /** The position after the messages that were read. */
  get position(): Position {
    return this.#position
  }

  /**
   * Yields all messages from the position on, in order. Each step yields the messages that are read at once. The next
   * ones are read when they are requested.
   * @throws GapError messages are lost. A named subscriber continues after the gap the next time.
   */
  async *messages(signal: AbortSignal): AsyncGenerator<Messages, never> {
    try {
      for await (const head of this.#heads(signal)) yield* this.#until(head, signal)
      throw new Error('a watch never ends')
    } catch (error) {
      if (error instanceof GapError && error.behind) {
        // If this fails, the next run reports the gap again.
        await this.#cursor?.move(error.behind, cleanupSignal()).catch(() => {})
      }
      const late = signal.aborted && signal.reason instanceof TimeoutError
      throw (late && this.#interrupted) || error
    }
  }

  /** Stores that this many of the messages were processed. A subscriber of the same name will continue after them. */
  async confirm({ topic, first }: Messages, count: number, signal: AbortSignal): Promise<void> {
    await this.#cursor?.move({ topic, next: first + count }, signal)
  }

  /**
   * Like `confirm`, for a subscriber that ends. It waits only briefly for a store that does not answer, and then warns
   * that messages may be delivered again.
   */
  async confirmAtLast(group: Messages, count: number): Promise<void> {
    await this.confirm(group, count, cleanupSignal()).catch(() => this.tellRepeated(count))
  }

  /**
   * Warns that the last `count` messages may be delivered again. They are not if the store has the position after all.
   */
  tellRepeated(count: number): void {
    if (!this.#cursor) return
    const messages = count === 1 ? 'the last message' : `the last ${count} messages`
    const { name } = this.#cursor
    this.#onTrouble?.(`the position of ${name} was not stored: ${messages} may be delivered again`)
  }

  async *#until(head: Head, signal: AbortSignal): AsyncGenerator<Messages> {
    while (this.#position.next < head.next) {
      const { topic, next: first } = this.#position
      const messages = await read(this.#topic, head, this.#position, this.#readAhead, signal)
      this.#position = { topic, next: first + messages.length }
      yield { topic, first, messages }
    }
  }

  /** The head at each change. It does not matter if intermediate heads are skipped. */
  async *#heads(signal: AbortSignal): AsyncGenerator<Head> {
    const { namespace, headKey } = this.#topic
    for await (const { entries, interrupted } of follow(namespace.backend, headKey, signal)) {
      if (interrupted && !this.#interrupted) this.#onTrouble?.(describe(interrupted))
      this.#interrupted = interrupted
      if (!interrupted) yield await this.#soundHead(entries.get(headKey), signal)
    }
  }

  /** A watch may be late, so an apparent gap is checked with a read before it is reported. */
  async #soundHead(entry: Entry | undefined, signal: AbortSignal): Promise<Head> {
    const head = entry && readHead(entry).head
    return head && isSound(head, this.#position)
      ? head
      : headWithoutGap(this.#topic, this.#position, signal)
  }
}
