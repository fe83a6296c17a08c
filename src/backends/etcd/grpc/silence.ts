import { now } from '../../../base/clock.ts'
import type { AdaptiveTimeout } from '../../network/adaptive-timeout.ts'

/** Measures how long a connection has been silent although something was asked on it. */
export class Silence {
  readonly #timeout: AdaptiveTimeout
  readonly #isReady: () => boolean
  #since: number | undefined
  #sinceReady = false

  /** `isReady`: whether the connection is established. */
  constructor(timeout: AdaptiveTimeout, isReady: () => boolean) {
    this.#timeout = timeout
    this.#isReady = isReady
  }

  /**
   * Whether the silence has lasted too long. A connection that was established meanwhile has not been silent: then the
   * silence begins now. Otherwise a slow store would never be reached, because a new connection takes longer than a call.
   */
  isLong(): boolean {
    if (this.#since === undefined) return false
    if (!this.#sinceReady && this.#isReady()) this.#begin()
    return now() - this.#since >= this.#timeout.limit
  }

  /**
   * Makes a call. A call that was given up shows nothing about the connection; any other outcome shows that it works.
   */
  async during<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    if (this.#since === undefined) this.#begin()
    try {
      return await this.#timeout.measure(ask)
    } finally {
      if (!signal.aborted) this.#since = undefined
    }
  }

  #begin(): void {
    this.#since = now()
    this.#sinceReady = this.#isReady()
  }
}
