/**
 * An AbortSignal that is made when it is asked for, as who has to wait does: most short commands never have to, and
 * what it takes to make one takes them longer than their work. It is given on as it is; `{ signal }` asks.
 */
export class LateSignal {
  readonly #make: () => AbortSignal
  #made: AbortSignal | undefined

  constructor(make: () => AbortSignal) {
    this.#make = make
  }

  get signal(): AbortSignal {
    this.#made ??= this.#make()
    return this.#made
  }

  /** What nobody has asked for has not ended anything. */
  throwIfAborted(): void {
    this.#made?.throwIfAborted()
  }
}

/** Throws the signal's reason where a call is cancelled before it begins. */
export const refuseCancelled = (call: { readonly signal?: AbortSignal | undefined }): void => {
  if (call instanceof LateSignal) call.throwIfAborted()
  else call.signal?.throwIfAborted()
}
