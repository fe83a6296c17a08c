import { setImmediate as turn } from 'node:timers/promises'
import { Batch, checkMessage, limitsOf } from './batch.ts'
import type { Topic } from './topic.ts'

/** Messages in the order in which they are published. */
export type MessageSource = AsyncIterable<string | Uint8Array> | Iterable<string | Uint8Array>

/**
 * Reads the source into the next batch while the previous batch is being stored. Even if the source is faster than the
 * store, it is read at most one batch ahead.
 */
export class Outbox implements Disposable {
  readonly #limits: ReturnType<typeof limitsOf>
  readonly #signal: AbortSignal | undefined
  #batch: Batch
  #over = false
  #failure: { readonly reason: unknown } | undefined
  #closed = false
  #changed = Promise.withResolvers<void>()

  /** `signal` ends the wait for the source. */
  constructor(topic: Topic, source: MessageSource, signal: AbortSignal | undefined) {
    this.#limits = limitsOf(topic)
    this.#batch = new Batch(this.#limits)
    this.#signal = signal
    signal?.addEventListener('abort', this.#notify)
    void this.#fill(source)
  }

  /**
   * Resolves to all messages that have come since the last batch, once there is at least one. `undefined` at the end.
   * @throws the error of the source, or UsageError for a message that no commit can hold, after all messages before it.
   */
  async next(): Promise<Batch | undefined> {
    // The source delivers in this turn what it has at hand. These messages belong into one batch.
    if (this.#batch.count === 0) await turn()
    for (;;) {
      this.#signal?.throwIfAborted()
      if (this.#batch.count > 0) return this.#take()
      if (this.#failure) throw this.#failure.reason
      if (this.#over) return undefined
      await this.#changed.promise
      await turn()
    }
  }

  /** Stops reading the source. */
  [Symbol.dispose](): void {
    this.#closed = true
    this.#signal?.removeEventListener('abort', this.#notify)
    this.#notify()
  }

  #take(): Batch {
    const batch = this.#batch
    this.#batch = new Batch(this.#limits)
    this.#notify()
    return batch
  }

  async #fill(source: MessageSource): Promise<void> {
    try {
      for await (const message of source) {
        await this.#add(typeof message === 'string' ? Buffer.from(message) : message)
        if (this.#closed) break
      }
    } catch (reason) {
      this.#failure = { reason }
    }
    this.#over = true
    this.#notify()
  }

  async #add(message: Uint8Array): Promise<void> {
    checkMessage(message, this.#limits)
    while (!this.#closed && !this.#batch.add(message)) await this.#changed.promise
    if (this.#batch.count === 1) this.#notify()
  }

  readonly #notify = (): void => {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }
}
