import { performance } from 'node:perf_hooks'
import type { Report } from '../../nanomsg/credit.ts'
import { PullDialer } from '../../nanomsg/pull-dialer.ts'
import type { PipeAddress } from './address.ts'
import type { Source } from './inbox.ts'
import { Window } from './window.ts'

export interface LinkOptions {
  readonly url: string
  readonly address: PipeAddress
  /** Whether the sender heeds credit. */
  readonly credit: boolean
  /** How many messages more may be asked for, of whichever sender. */
  left(): number
  onMessages(link: Link, messages: readonly Buffer[]): void
  /** It has no connection and dials no more. */
  onDone(link: Link): void
}

/** A report is worth sending when a message in so many of the window was read since the last one. */
const PART = 4

/** The way to one sender, with the account of what that may send. */
export class Link implements Source {
  readonly #options: LinkOptions
  readonly #dialer: PullDialer
  readonly #window = new Window()
  #granted = 0
  #received = 0
  #used = 0
  /** How much had been received when the connection began: reports count from there. */
  #before = 0
  #reported = 0
  /** Since when the sender has known that the reader waits. */
  #idleSince: number | undefined
  #answering = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#dialer = new PullDialer({
      ...options.address,
      firstReport: () => (options.credit ? this.#report() : undefined),
      onMessages: (messages) => this.#take(messages),
      // What was granted and has not come does not come any more.
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

  /** How many messages were granted, and not used yet. */
  get open(): number {
    return this.#granted - this.#used
  }

  /** A message was read, which took so long (milliseconds): there is room for another one. */
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

  /** Whether everything that came was read. */
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

  /** The sender is told that the messages came, unless it soon hears that they were read. */
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

  /** What the sender may know, which gets as much as may be on its way. */
  #report(): Report {
    this.#granted += Math.max(0, Math.min(this.#window.size - this.open, this.#options.left()))
    this.#reported = this.#used
    return {
      read: Math.max(0, this.#used - this.#before),
      credit: this.#granted - this.#before,
    }
  }
}
