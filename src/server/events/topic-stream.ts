import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { TimeoutError } from '../../base/errors.ts'
import { messageId } from '../../recipes/topic/position.ts'
import type { Messages, Subscription } from '../../recipes/topic/subscription.ts'
import { beginStream, breakOff, confirmed, writeWithBackpressure } from '../http/stream.ts'
import { SSE } from './server-sent-events.ts'
import type { TopicFormat } from './topic-format.ts'

/** Messages are joined until a write has this many bytes. */
const CHUNK_SIZE = 64 * 1024

interface TopicStreamOptions {
  readonly format: TopicFormat
  /** The stream ends after this many messages. */
  readonly count: number | undefined
  readonly signal: AbortSignal
}

/**
 * Writes the messages of a subscription to a client, no faster than the client reads. The unread messages in memory are
 * at most those of one read from the store.
 */
export class TopicStream {
  readonly #subscription: Subscription
  readonly #reply: FastifyReply
  readonly #options: TopicStreamOptions
  #response: ServerResponse | undefined

  constructor(subscription: Subscription, reply: FastifyReply, options: TopicStreamOptions) {
    this.#subscription = subscription
    this.#reply = reply
    this.#options = options
  }

  /**
   * Resolves when the stream has ended. With a count, the response begins with the first message.
   * @throws the error that prevents the response from beginning.
   */
  async run(): Promise<void> {
    const { count } = this.#options
    if (count === undefined) this.#begin()
    const beat = setInterval(() => this.#beat(), SSE.heartbeatEvery)
    try {
      await this.#write(count ?? Number.POSITIVE_INFINITY)
      this.#response?.end()
    } catch (error) {
      if (!this.#response) throw error
      this.#end(this.#response, error)
    } finally {
      clearInterval(beat)
    }
  }

  async #write(count: number): Promise<void> {
    const { signal } = this.#options
    let left = count
    for await (const group of this.#subscription.messages(signal)) {
      const messages = group.messages.slice(0, left)
      await this.#writeGroup({ ...group, messages })
      left -= messages.length
      await this.#confirm(group, messages.length)
      if (left === 0) return
    }
  }

  /** Moves the position of a named subscriber once the client's system has received the messages. */
  async #confirm(group: Messages, count: number): Promise<void> {
    const { signal } = this.#options
    if (!this.#subscription.named) return
    await confirmed(this.#begin(), signal)
    await this.#subscription.confirm(group, count, signal)
  }

  async #writeGroup({ topic, first, messages }: Messages): Promise<void> {
    const { format, signal } = this.#options
    const response = this.#begin(first)
    let piece: Uint8Array[] = []
    let size = 0
    for (const [index, message] of messages.entries()) {
      const written = format.message(message, messageId(topic, first + index))
      piece.push(written)
      size += written.length
      if (size < CHUNK_SIZE && index < messages.length - 1) continue
      await writeWithBackpressure(response, Buffer.concat(piece), signal)
      piece = []
      size = 0
    }
  }

  /** Sends the headers. After that, an error can no longer change the status of the response. */
  #begin(first?: number): ServerResponse {
    if (this.#response) return this.#response
    const { format } = this.#options
    const { position } = this.#subscription
    this.#response = beginStream(this.#reply, format.contentType)
    const start = format.begin({ ...position, next: first ?? position.next })
    if (start !== '') this.#response.write(start)
    return this.#response
  }

  #beat(): void {
    const { heartbeat } = this.#options.format
    const response = this.#response
    if (heartbeat && response && !response.writableNeedDrain) response.write(heartbeat)
  }

  /**
   * A stream whose time limit is over has ended properly, unless the client asked for a number of messages that did not
   * all come.
   */
  #end(response: ServerResponse, error: unknown): void {
    const { format, count, signal } = this.#options
    const timeIsUp = signal.reason instanceof TimeoutError && count === undefined
    const last = timeIsUp ? '' : format.end(error)
    if (last === undefined) breakOff(response)
    else if (!response.writableNeedDrain) response.end(last)
    else breakOff(response)
  }
}
