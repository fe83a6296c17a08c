import { now } from '../../../base/clock.ts'
import type { AdaptiveTimeout } from '../../network/adaptive-timeout.ts'

/** How long a connection has said nothing though something was asked on it. */
export class Silence {
  readonly #timeout: AdaptiveTimeout
  #since: number | undefined

  constructor(timeout: AdaptiveTimeout) {
    this.#timeout = timeout
  }

  get isLong(): boolean {
    return this.#since !== undefined && now() - this.#since >= this.#timeout.limit
  }

  /** Asks something. A call that is given up says nothing of the connection; every other end of it was heard. */
  async during<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    this.#since ??= now()
    try {
      return await this.#timeout.measure(ask)
    } finally {
      if (!signal.aborted) this.#since = undefined
    }
  }
}
