import { PullDialer } from '../../sp/pull-dialer.ts'
import type { PipeAddress } from './address.ts'
import type { Source } from './inbox.ts'

export interface LinkOptions {
  readonly url: string
  readonly address: PipeAddress
  /** Whether the sender heeds credit. */
  readonly credit: boolean
  /** How many messages it may be granted beyond those that it was. */
  allowance(link: Link): number
  onMessages(link: Link, messages: readonly Buffer[]): void
  /** It has no connection and dials no more. */
  onDone(link: Link): void
}

/** A small grant waits until others come with it, unless the sender would stop. */
const WORTH_SENDING = 32

/** The way to one sender, with the account of what that may send. */
export class Link implements Source {
  readonly #options: LinkOptions
  readonly #dialer: PullDialer
  #granted = 0
  #received = 0
  #used = 0

  constructor(options: LinkOptions) {
    this.#options = options
    this.#dialer = new PullDialer({
      ...options.address,
      firstCredit: () => (options.credit ? this.#account(this.#allowance()) : undefined),
      onMessages: (messages) => {
        this.#received += messages.length
        options.onMessages(this, messages)
      },
      // What was granted and has not come does not come any more.
      onDisconnect: () => {
        this.#granted = this.#received
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

  /** A message was used: there is room for another one. */
  use(): void {
    this.#used++
    this.grant()
  }

  /** Grants what is allowed, if that is worth it. */
  grant(): void {
    if (!this.#options.credit) return
    const more = this.#allowance()
    const starved = this.#granted === this.#received
    if (more > 0 && (more >= WORTH_SENDING || starved)) this.#dialer.grant(this.#account(more))
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

  #allowance(): number {
    return Math.max(0, this.#options.allowance(this))
  }

  #account(messages: number): number {
    this.#granted += messages
    return messages
  }
}
