import { performance } from 'node:perf_hooks'
import type { Entry } from '../../backends/backend.ts'
import { parsePipeUrl } from './address.ts'
import { Inbox } from './inbox.ts'
import { Link } from './link.ts'

/** The messages that a member gets, from any sender. */
export class Receiver {
  readonly #inbox = new Inbox<Link>()
  readonly #count: number
  #used = 0
  /** The number of messages that were taken from the inbox and not used yet. */
  #unused = 0
  #ended = false
  readonly #failed = new AbortController()

  /** Takes at most `count` messages. */
  constructor(count: number) {
    this.#count = count
  }

  /**
   * Dials the sender that an entry names. Connections to other senders are read to their end, but not opened again,
   * because their ports may belong to other programs by then.
   */
  connect(entry: Entry | undefined): void {
    const url = entry && Buffer.from(entry.value).toString()
    let found = false
    for (const link of this.#inbox.sources) {
      if (link.url === url && link.readmit()) found = true
      else link.retire()
    }
    if (url !== undefined && !found) this.#open(url, entry?.lease !== undefined)
  }

  /** No more senders are expected. The messages end when the connections end. */
  end(): void {
    this.#ended = true
    for (const link of this.#inbox.sources) link.retire()
    this.#inbox.wake()
  }

  fail(error: unknown): void {
    this.#failed.abort(error)
  }

  /** Yields messages as they arrive, until their end. */
  async *messages(signal: AbortSignal): AsyncGenerator<Buffer> {
    const either = AbortSignal.any([signal, this.#failed.signal])
    while (this.#used < this.#count) {
      const taken = await this.#inbox.take(
        () => this.#ended && this.#inbox.sources.size === 0,
        either,
      )
      if (taken.length === 0) return
      this.#unused = taken.length
      for (const { message, from } of taken) {
        const given = performance.now()
        yield message
        // The message counts as read because the next one was requested.
        this.#used++
        this.#unused--
        from.use(performance.now() - given)
        if (this.#used === this.#count) return
      }
      this.#inbox.readOn()
    }
  }

  /** Asks the senders to send no more, and yields the messages that are on their way. */
  async *leave(signal: AbortSignal): AsyncGenerator<Buffer> {
    this.#ended = true
    for (const link of this.#inbox.sources) link.leave()
    try {
      yield* this.messages(signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** The number of messages that have arrived and were not read. */
  get unread(): number {
    return this.#unused + this.#inbox.size
  }

  /** Closes all connections at once. */
  close(): void {
    for (const link of this.#inbox.sources) link.close()
  }

  /** If a session holds the URL, the sender is an rdv process, which obeys credit. */
  #open(url: string, credit: boolean): void {
    const address = parsePipeUrl(url)
    if (!address) return
    const link = new Link({
      url,
      address,
      credit,
      left: () => this.#left(),
      onMessages: (one, messages) => this.#inbox.put(one, messages),
      onDone: (one) => this.#inbox.leave(one),
    })
    this.#inbox.join(link)
  }

  /** The number of messages that may still be requested. */
  #left(): number {
    let open = 0
    for (const link of this.#inbox.sources) open += link.open
    return this.#count - this.#used - open
  }
}
