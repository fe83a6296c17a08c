import { performance } from 'node:perf_hooks'
import type { Report } from '../../nanomsg/credit.ts'
import { PullDialer } from '../../nanomsg/pull-dialer.ts'
import type { PipeAddress } from './address.ts'
import type { Source } from './inbox.ts'
import { Window } from './window.ts'

export interface LinkOptions {
  readonly url: string
  readonly address: PipeAddress
  /** Whether the sender obeys credit. */
  readonly credit: boolean
  /** The number of messages that may still be requested from all senders together. */
  left(): number
  onMessages(link: Link, messages: readonly Buffer[]): void
  /** Called when the link has no connection and does not dial again. */
  onDone(link: Link): void
}

/** A report is sent when the messages read since the last one are at least this part (a quarter) of the window. */
const PART = 4

/** The connection to one sender, and the count of the messages that it may send. */
export class Link implements Source {
  readonly #options: LinkOptions
  readonly #dialer: PullDialer
  readonly #window = new Window()
  #granted = 0
  #received = 0
  #used = 0
  /** The number of messages received before the current connection. Reports count from there. */
  #before = 0
  #reported = 0
  /** When the sender learned that the reader waits. `undefined` if the reader does not wait. */
  #idleSince: number | undefined
  #answering = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#dialer = new PullDialer({
      ...options.address,
      firstReport: () => (options.credit ? this.#report() : undefined),
      onMessages: (messages) => this.#take(messages),
      // Messages that were granted but have not come will not come any more.
      onDisconnect: () => {
        this.#granted = this.#received
        this.#before = this.#received
        this.#idleSince = undefined
      },
    })
    void this.#dialer.done.then(() => options.onDone(this))
  }

  get url(): string {
    return this.#options.url
  }

  /** The number of messages that were granted and not used yet. */
  get open(): number {
    return this.#granted - this.#used
  }

  /** The reader has read a message, which took `elapsed` milliseconds. There is room for another message. */
  use(elapsed: number): void {
    this.#used++
    this.#window.read(elapsed)
    const unreported = this.#used - this.#reported
    if (this.#drained || PART * unreported >= this.#window.size) this.#tell()
  }

  pause(): void {
    this.#dialer.pause()
  }

  resume(): void {
    this.#dialer.resume()
  }

  retire(): void {
    this.#dialer.retire()
  }

  readmit(): boolean {
    return this.#dialer.readmit()
  }

  leave(): void {
    this.#dialer.leave()
  }

  close(): void {
    this.#dialer.close()
  }

  /** Whether everything that was received was read. */
  get #drained(): boolean {
    return this.#used === this.#received
  }

  #take(messages: readonly Buffer[]): void {
    this.#received += messages.length
    if (this.#idleSince !== undefined) this.#window.waited(performance.now() - this.#idleSince)
    this.#idleSince = undefined
    this.#answer()
    this.#options.onMessages(this, messages)
  }

  /** Tells the sender that the messages have arrived, unless a report that they were read follows at once. */
  #answer(): void {
    if (this.#answering) return
    this.#answering = true
    setImmediate(() => {
      if (this.#answering) this.#tell()
    })
  }

  #tell(): void {
    this.#answering = false
    if (!this.#options.credit) return
    const starved = this.#drained && this.#granted === this.#received
    this.#window.adapt()
    this.#dialer.report(this.#report())
    if (starved) this.#idleSince = performance.now()
  }

  /** The next report. It grants as many messages as the window allows to be on their way. */
  #report(): Report {
    this.#granted += Math.max(0, Math.min(this.#window.size - this.open, this.#options.left()))
    this.#reported = this.#used
    return {
      read: Math.max(0, this.#used - this.#before),
      credit: this.#granted - this.#before,
    }
  }
}
