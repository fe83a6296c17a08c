/** If more bytes than this are waiting, no connection is read. */
const MAX_BYTES = 256 * 1024

/** Bytes. An empty message takes memory, too. */
const OVERHEAD = 64

/** A connection from which messages come. */
export interface Source {
  pause(): void
  resume(): void
}

interface Arrived<S> {
  readonly message: Buffer
  readonly from: S
}

/**
 * Messages that have arrived and were not taken yet. If the reader is slow, the connections are paused, so memory stays
 * bounded.
 */
export class Inbox<S extends Source> {
  readonly #sources = new Set<S>()
  #waiting: Arrived<S>[] = []
  #bytes = 0
  #paused = false
  #wakeReader: (() => void) | undefined

  /** The connections from which messages may still come. */
  get sources(): ReadonlySet<S> {
    return this.#sources
  }

  /** The number of messages that were not taken yet. */
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

  /**
   * Takes all messages that have arrived, in order. Waits until there is at least one, or until `over` returns true
   * because no more will come.
   */
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

  /** Reads the connections again, once the messages that were taken have been used. */
  readOn(): void {
    if (this.#paused) this.#pause(false)
  }

  /** Makes `take` check again. */
  readonly wake = (): void => this.#wakeReader?.()

  #pause(paused: boolean): void {
    this.#paused = paused
    for (const source of this.#sources) paused ? source.pause() : source.resume()
  }
}
