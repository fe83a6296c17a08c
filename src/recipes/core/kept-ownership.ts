import { onAbort } from '../../base/abort.ts'
import { backoff } from '../../base/backoff.ts'
import { describe } from '../../base/errors.ts'
import type { Ownership } from './ownership.ts'

export interface KeptOptions<O> {
  /** Takes the ownership again after a loss. */
  take(signal: AbortSignal): Promise<O>
  /** Whether an error means that the ownership cannot be taken again. Default: it is always tried again. */
  readonly isFinal?: ((error: unknown) => boolean) | undefined
  /** Called after each loss, and when an attempt to take the ownership again fails for a new reason. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** An ownership that is taken again with a new session after each loss. */
export class KeptOwnership<O extends Ownership> {
  readonly #options: KeptOptions<O>
  readonly #ending = new AbortController()
  #current: O
  #taken: Promise<O>

  constructor(first: O, options: KeptOptions<O>) {
    this.#options = options
    this.#current = first
    this.#taken = Promise.resolve(first)
    this.#takeAnewWhenLost(first)
  }

  /** The newest ownership, which may be lost. */
  get current(): O {
    return this.#current
  }

  /** Resolves when the key is owned again. Rejects if it cannot be taken again, or with the reason of `end`. */
  get taken(): Promise<O> {
    return this.#taken
  }

  /** Aborts when `end` is called. */
  get ended(): AbortSignal {
    return this.#ending.signal
  }

  /** From now on, the ownership is not taken again after a loss. */
  end(reason: unknown): void {
    this.#ending.abort(reason)
  }

  #takeAnewWhenLost(owned: O): void {
    onAbort(owned.lost, () => {
      if (this.ended.aborted) return
      this.#options.onTrouble?.(`${describe(owned.lost.reason)}; joining again`)
      this.#taken = this.#takeAnew()
      this.#taken.catch(() => {})
    })
  }

  async #takeAnew(): Promise<O> {
    const { take, isFinal = () => false, onTrouble } = this.#options
    const signal = this.ended
    await this.#current.giveUp()
    let trouble: unknown
    const pauses = backoff()
    for (;;) {
      if (signal.aborted) throw trouble ?? signal.reason
      try {
        this.#current = await take(signal)
        this.#takeAnewWhenLost(this.#current)
        return this.#current
      } catch (error) {
        if (signal.aborted || isFinal(error)) throw error
        if (describe(error) !== describe(trouble)) onTrouble?.(describe(error))
        trouble = error
      }
      await pauses.next().value(signal)
    }
  }
}
