/** Beyond so many bytes no connection is read. */
const MAX_BYTES = 256 * 1024

/** An empty message takes memory, too. */
const OVERHEAD = 64

/** A connection that messages come from. */
export interface Source {
  pause(): void
  resume(): void
}

interface Arrived<S> {
  readonly message: Buffer
  readonly from: S
}

/** Messages that came and were not taken yet. Who reads slowly has its connections wait, and memory stays bounded. */
export class Inbox<S extends Source> {
  readonly #sources = new Set<S>()
  #waiting: Arrived<S>[] = []
  #bytes = 0
  #paused = false
  #wakeReader: (() => void) | undefined

  /** The connections that are read. */
  get sources(): ReadonlySet<S> {
    return this.#sources
  }

  /** How many messages nobody has taken. */
  get size(): number {
    return this.#waiting.length
  }

  join(source: S): void {
    this.#sources.add(source)
    if (this.#paused) source.pause()
  }

  leave(source: S): void {
    this.#sources.delete(source)
    this.wake()
  }

  put(from: S, messages: readonly Buffer[]): void {
    for (const message of messages) {
      this.#waiting.push({ message, from })
      this.#bytes += message.length + OVERHEAD
    }
    if (this.#bytes > MAX_BYTES) this.#pause(true)
    this.wake()
  }

  /** All that came, in order; waits until there is something, or until `over` says that nothing follows. */
  async take(over: () => boolean, signal: AbortSignal): Promise<Arrived<S>[]> {
    signal.throwIfAborted()
    signal.addEventListener('abort', this.wake)
    try {
      while (this.#waiting.length === 0 && !over()) {
        signal.throwIfAborted()
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve
        })
      }
    } finally {
      signal.removeEventListener('abort', this.wake)
    }
    const taken = this.#waiting
    this.#waiting = []
    this.#bytes = 0
    return taken
  }

  /** Reads on, once what was taken has been used. */
  readOn(): void {
    if (this.#paused) this.#pause(false)
  }

  /** Has `take` look again. */
  readonly wake = (): void => this.#wakeReader?.()

  #pause(paused: boolean): void {
    this.#paused = paused
    for (const source of this.#sources) paused ? source.pause() : source.resume()
  }
}
