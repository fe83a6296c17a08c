/**
 * The effect on a request whose connection is cut: it never arrives, or the server executes it and its answer is lost.
 */
export type Lost = 'request' | 'answer'

/** Selects a request that is lost, by counting the requests of a kind. */
export class Loss {
  #kind = /./
  #left = 0
  #what: Lost = 'request'
  #lasting = false
  #lost: string | undefined

  /** From now on, only the `nth` request whose method and path match is lost. */
  plan(kind: RegExp, nth: number, what: Lost): void {
    this.#kind = kind
    this.#left = nth
    this.#what = what
    this.#lasting = false
    this.#lost = undefined
  }

  /** From now on, no request whose method and path match arrives. */
  planAll(kind: RegExp): void {
    this.plan(kind, 1, 'request')
    this.#lasting = true
  }

  /** From now on, no request is lost. */
  end(): void {
    this.#left = 0
  }

  /** The method and path of the request that was lost. */
  get lost(): string | undefined {
    return this.#lost
  }

  /** Counts a request that has arrived. Returns what is lost of it. */
  of(request: string): Lost | undefined {
    if (this.#left === 0 || !this.#kind.test(request)) return undefined
    if (!this.#lasting && --this.#left > 0) return undefined
    this.#lost = request
    return this.#what
  }
}
