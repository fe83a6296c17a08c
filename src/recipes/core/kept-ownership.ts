import { onAbort } from '../../base/abort.ts'
import { backoff } from '../../base/backoff.ts'
import { describe } from '../../base/errors.ts'
import type { Ownership } from './ownership.ts'

export interface KeptOptions<O> {
  /** Takes it anew, after a loss. */
  take(signal: AbortSignal): Promise<O>
  /** Whether an error means that it cannot be taken any more. Default: it is always tried again. */
  readonly isFinal?: ((error: unknown) => boolean) | undefined
  /** Told of each loss, and of each failed attempt to take it anew. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** An ownership that is taken anew, with another session, each time that it is lost. */
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

  /** The newest one, which may be lost. */
  get current(): O {
    return this.#current
  }

  /** Resolves once it is owned again. Rejects when it cannot be taken any more, or with the reason of `end`. */
  get taken(): Promise<O> {
    return this.#taken
  }

  /** Aborts with `end`. */
  get ended(): AbortSignal {
    return this.#ending.signal
  }

  /** From now on it is not taken anew. */
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
