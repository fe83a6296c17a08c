/** What becomes of a request whose connection is cut: it never arrives, or the server has carried it out. */
export type Lost = 'request' | 'answer'

/** Which request is lost, told by counting those of a kind. */
export class Loss {
  #kind = /./
  #left = 0
  #what: Lost = 'request'
  #lasting = false
  #lost: string | undefined

  /** From now on the `nth` request whose method and path match is lost, and no other one. */
  plan(kind: RegExp, nth: number, what: Lost): void {
    this.#kind = kind
    this.#left = nth
    this.#what = what
    this.#lasting = false
    this.#lost = undefined
  }

  /** From now on all requests whose method and path match never arrive. */
  planAll(kind: RegExp): void {
    this.plan(kind, 1, 'request')
    this.#lasting = true
  }

  /** Nothing is lost any more. */
  end(): void {
    this.#left = 0
  }

  /** The method and path of the request that was lost. */
  get lost(): string | undefined {
    return this.#lost
  }

  /** A request has come: what becomes of it. */
  of(request: string): Lost | undefined {
    if (this.#left === 0 || !this.#kind.test(request)) return undefined
    if (!this.#lasting && --this.#left > 0) return undefined
    this.#lost = request
    return this.#what
  }
}
