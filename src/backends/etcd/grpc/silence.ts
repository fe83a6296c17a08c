import { now } from '../../clock.ts'
import type { Patience } from '../../patience.ts'

/** How long a connection has said nothing though something was asked on it. */
export class Silence {
  readonly #patience: Patience
  #since: number | undefined

  constructor(patience: Patience) {
    this.#patience = patience
  }

  get isLong(): boolean {
    return this.#since !== undefined && now() - this.#since >= this.#patience.limit
  }

  /** Asks something. A call that is given up says nothing of the connection; every other end of it was heard. */
  async during<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    this.#since ??= now()
    try {
      return await this.#patience.during(ask)
    } finally {
      if (!signal.aborted) this.#since = undefined
    }
  }
}
