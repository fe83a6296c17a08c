/**
 * An AbortSignal that is made when it is asked for, as who has to wait does: most short commands never have to, and
 * what it takes to make one takes them longer than their work. Who gives this on as it is has not asked; who copies it
 * has.
 */
export class LazySignal {
  declare readonly signal: AbortSignal
  #made: AbortSignal | undefined

  constructor(make: () => AbortSignal) {
    const get = (): AbortSignal => {
      this.#made ??= make()
      return this.#made
    }
    // A property of its own, without which a copy would have no signal.
    Object.defineProperty(this, 'signal', { get, enumerable: true })
  }

  /** What nobody has asked for has not ended anything. */
  throwIfAborted(): void {
    this.#made?.throwIfAborted()
  }
}

/** Throws the signal's reason where a call is cancelled before it begins. */
export const throwIfCancelled = (call: { readonly signal?: AbortSignal | undefined }): void => {
  if (call instanceof LazySignal) call.throwIfAborted()
  else call.signal?.throwIfAborted()
}

/** An AbortController that is made when its signal is asked for. Until then it only remembers the reason. */
export class LazyController<R> {
  readonly #made: () => void
  #reason: R | undefined
  #controller: AbortController | undefined

  /** `made` is called when the signal is asked for first. */
  constructor(made = () => {}) {
    this.#made = made
  }

  /** Of the first abort. */
  get reason(): R | undefined {
    return this.#reason
  }

  get signal(): AbortSignal {
    if (!this.#controller) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
      this.#made()
    }
    return this.#controller.signal
  }

  abort(reason: R): void {
    this.#reason ??= reason
    this.#controller?.abort(this.#reason)
  }
}
