import { performance } from 'node:perf_hooks'
import type { Entry } from '../../backends/backend.ts'
import { parsePipeUrl } from './address.ts'
import { Inbox } from './inbox.ts'
import { Link } from './link.ts'

/** What a member gets, from whichever sender there is. */
export class Receiver {
  readonly #inbox = new Inbox<Link>()
  readonly #count: number
  #used = 0
  /** Of those that were taken. */
  #unused = 0
  #ended = false
  readonly #failed = new AbortController()

  /** It takes `count` messages, not one more. */
  constructor(count: number) {
    this.#count = count
  }

  /**
   * Dials the sender that an entry names. Connections to any other one are read to their end, but not made again: their
   * port may be another program's by then.
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

  /** No sender is awaited any more: the messages end when the connections do. */
  end(): void {
    this.#ended = true
    for (const link of this.#inbox.sources) link.retire()
    this.#inbox.wake()
  }

  fail(error: unknown): void {
    this.#failed.abort(error)
  }

  /** Messages as they come, until their end. */
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
        // It was read when the next one is asked for.
        this.#used++
        this.#unused--
        from.use(performance.now() - given)
        if (this.#used === this.#count) return
      }
      this.#inbox.readOn()
    }
  }

  /** Asks the senders for nothing more, and gives what is on its way. */
  async *leave(signal: AbortSignal): AsyncGenerator<Buffer> {
    this.#ended = true
    for (const link of this.#inbox.sources) link.leave()
    try {
      yield* this.messages(signal)
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  /** How many messages have come that were not read. */
  get unread(): number {
    return this.#unused + this.#inbox.size
  }

  /** Ends everything at once. */
  close(): void {
    for (const link of this.#inbox.sources) link.close()
  }

  /** A url that a session holds is that of a sender of ours, which heeds credit. */
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

  /** How many more messages may be asked for. */
  #left(): number {
    let open = 0
    for (const link of this.#inbox.sources) open += link.open
    return this.#count - this.#used - open
  }
}
