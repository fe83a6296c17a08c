import type { Command } from '../backends/process-identity.ts'
import type { Place } from './place.ts'

/** What who stands at the head of a queue has: a lock, a leadership, a turn. It lasts as long as its session. */
export abstract class Tenure {
  readonly key: string
  /** The fencing token: higher than that of everybody who had it before. */
  readonly token: number
  readonly #place: Place

  protected constructor(place: Place, token: number) {
    this.key = place.key
    this.token = token
    this.#place = place
  }

  /** Milliseconds within which the next one has it if this process dies (twice that where the backend says so). */
  get ttl(): number {
    return this.#place.session.ttl
  }

  /** Aborts when it will be lost unless a renewal succeeds soon. */
  get expiring(): AbortSignal {
    return this.#place.session.expiring
  }

  /** Aborts when somebody else may have it: not renewed, revoked, or taken away from outside. */
  get lost(): AbortSignal {
    return this.#place.session.lost
  }

  /** After `release`: for so many milliseconds at most nobody else can have it, as the store did not answer. */
  get remains(): number {
    return this.#place.session.remains
  }

  /** Where the store sees processes die: it lasts while COMMAND lives, too. */
  include(describe: () => Command): Promise<void> {
    return this.#place.session.include(describe)
  }

  /** After a loss: holds on to it while the store has not given it to others, until `release`. */
  linger(): Promise<void> {
    return this.#place.session.linger()
  }

  /**
   * Gives it up: the next one has it. If the store does not answer, the TTL does that later. With a signal, `release`
   * tries until the store has answered or the signal aborts. Never rejects.
   */
  release(signal?: AbortSignal): Promise<void> {
    return this.#place.leave(signal)
  }

  protected get sessionId(): string {
    return this.#place.session.id
  }

  /** From now on the own key may go: its going is no loss any more. */
  protected settle(): void {
    this.#place.settle()
  }
}
