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
  /** Where to begin. Default: now. */
  readonly from?: From | undefined
  /** Goes on where the subscriber of this name left off, whatever `from` says, if there was one. */
  readonly as?: string | undefined
  /** About so many bytes are read at one go: what is in memory of messages that are not asked for yet. */
  readonly readAhead?: number | undefined
  /** Told each time that the store has come out of reach; it is waited for. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** Messages that follow each other. */
export interface Messages {
  readonly topic: string
  readonly first: number
  readonly messages: readonly Uint8Array[]
}

/** One subscriber, which has a fixed place in a topic: from there on it misses nothing. */
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

  /** Resolves once nothing that is published from then on can be missed. */
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

  /** Whether its place is kept in the store. */
  get named(): boolean {
    return this.#cursor !== undefined
  }

  /** Where it is: behind the messages that were read. */
  get position(): Position {
    return this.#position
  }

  /**
   * All messages from its place on, in order, as many at a time as are read at one go: the next ones are read when
   * they are asked for.
   * @throws GapError some are lost. A named subscriber goes on behind the gap the next time.
   */
  async *messages(signal: AbortSignal): AsyncGenerator<Messages, never> {
    try {
      for await (const head of this.#heads(signal)) yield* this.#until(head, signal)
      throw new Error('a watch never ends')
    } catch (error) {
      if (error instanceof GapError && error.behind) {
        // Where that fails it is told again the next time.
        await this.#cursor?.move(error.behind, cleanupSignal()).catch(() => {})
      }
      const late = signal.aborted && signal.reason instanceof TimeoutError
      throw (late && this.#interrupted) || error
    }
  }

  /** So many of these messages have been dealt with: a subscriber of the same name will go on behind them. */
  async confirm({ topic, first }: Messages, count: number, signal: AbortSignal): Promise<void> {
    await this.#cursor?.move({ topic, next: first + count }, signal)
  }

  /** As `confirm`, for who ends: a store that does not answer is not waited for, and what comes of that is told. */
  async confirmAtLast(group: Messages, count: number): Promise<void> {
    await this.confirm(group, count, cleanupSignal()).catch(() => this.tellRepeated(count))
  }

  /** Tells that the last messages, so many, come again unless the store knows of them all the same. */
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

  /** The head as it changes; how often in between does not matter. */
  async *#heads(signal: AbortSignal): AsyncGenerator<Head> {
    const { namespace, headKey } = this.#topic
    for await (const { entries, interrupted } of follow(namespace.backend, headKey, signal)) {
      if (interrupted && !this.#interrupted) this.#onTrouble?.(describe(interrupted))
      this.#interrupted = interrupted
      if (!interrupted) yield await this.#soundHead(entries.get(headKey), signal)
    }
  }

  /** A watch may be late: what looks like a gap is looked at before it is said to be one. */
  async #soundHead(entry: Entry | undefined, signal: AbortSignal): Promise<Head> {
    const head = entry && readHead(entry).head
    return head && isSound(head, this.#position)
      ? head
      : headWithoutGap(this.#topic, this.#position, signal)
  }
}
