/** So long (milliseconds) after a server was heard it is asked whether it lives, and so long it may take to say so. */
const EVERY = 6_000
const LIMIT = 3_000

/**
 * Tells those who wait on silent connections that the server has died or is frozen. HTTP/1.1 has no ping, so it is
 * asked something small.
 */
export class Pulse {
  readonly #ask: (signal: AbortSignal) => Promise<unknown>
  readonly #listeners = new Set<(cause: unknown) => void>()
  #timer: NodeJS.Timeout | undefined

  constructor(ask: (signal: AbortSignal) => Promise<unknown>) {
    this.#ask = ask
  }

  /** Calls `dead` if the server does not answer any more, until what is returned is called. */
  join(dead: (cause: unknown) => void): () => void {
    this.#listeners.add(dead)
    this.#timer ??= setTimeout(() => this.#beat(), EVERY)
    return () => {
      this.#listeners.delete(dead)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  async #beat(): Promise<void> {
    try {
      await this.#ask(AbortSignal.timeout(LIMIT))
      this.#timer?.refresh()
    } catch (cause) {
      this.#stop()
      for (const dead of [...this.#listeners]) dead(cause)
      this.#listeners.clear()
    }
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
