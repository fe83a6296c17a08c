/** The most different texts that are remembered at a time. */
const KNOWN = 1_000

/** Makes equal texts share memory. Of very many waiters, most wait for the same target and come from few addresses. */
export class Interned<T> {
  readonly #known = new Map<string, T>()
  readonly #make: (text: string) => T

  constructor(make: (text: string) => T) {
    this.#make = make
  }

  of(text: string): T {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    if (this.#known.size >= KNOWN) this.#known.clear()
    const made = this.#make(text)
    this.#known.set(text, made)
    return made
  }
}
