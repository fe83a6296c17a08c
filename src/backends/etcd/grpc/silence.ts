import { now } from '../../../base/clock.ts'
import type { AdaptiveTimeout } from '../../network/adaptive-timeout.ts'

/** Measures how long a connection has been silent although something was asked on it. */
export class Silence {
  readonly #timeout: AdaptiveTimeout
  #since: number | undefined

  constructor(timeout: AdaptiveTimeout) {
    this.#timeout = timeout
  }

  get isLong(): boolean {
    return this.#since !== undefined && now() - this.#since >= this.#timeout.limit
  }

  /**
   * Makes a call. A call that was given up shows nothing about the connection; any other outcome shows that it works.
   */
  async during<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    this.#since ??= now()
    try {
      return await this.#timeout.measure(ask)
    } finally {
      if (!signal.aborted) this.#since = undefined
    }
  }
}
