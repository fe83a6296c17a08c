/** Aborts its signal if nothing is heard for `longest` milliseconds. */
export class Silence {
  readonly #longest: number
  readonly #lasted = new AbortController()
  #timer: number

  constructor(longest: number) {
    this.#longest = longest
    this.#timer = this.#begin()
  }

  get signal(): AbortSignal {
    return this.#lasted.signal
  }

  broken(): void {
    this.end()
    this.#timer = this.#begin()
  }

  end(): void {
    window.clearTimeout(this.#timer)
  }

  #begin(): number {
    return window.setTimeout(() => this.#lasted.abort(), this.#longest)
  }
}
