/** The number of messages that may be on their way to a reader whose speed is not known yet. */
const INITIAL_SIZE = 2
/** The maximum number of messages that may be on their way to a reader. */
const MAX_SIZE = 128

/**
 * Milliseconds. The messages that a reader takes in this time may be on their way to it, in addition to the current
 * one.
 */
const READ_AHEAD = 10

/**
 * The number of messages that may be on their way to a reader. It is small enough that no message waits for long while
 * another reader is idle, and large enough that a fast reader does not have to wait for the network.
 */
export class Window {
  #size = INITIAL_SIZE
  #read = 0
  #busy = 0
  #way: number | undefined

  get size(): number {
    return this.#size
  }

  /** The reader took `elapsed` milliseconds to read a message. */
  read(elapsed: number): void {
    this.#read++
    this.#busy += elapsed
  }

  /** The reader was idle. The next message came `elapsed` milliseconds after the sender learned that. */
  waited(elapsed: number): void {
    // The sender may have had nothing to send, so only the shortest wait shows its distance.
    this.#way = Math.min(elapsed, this.#way ?? elapsed)
  }

  /** Adapts the size to the messages that were read since the last call, by at most a factor of two. */
  adapt(): void {
    if (this.#read === 0) return
    const each = this.#busy / this.#read
    const wanted = Math.round(1 + (READ_AHEAD + (this.#way ?? 0)) / each)
    const least = Math.max(1, Math.floor(this.#size / 2))
    this.#size = Math.min(Math.max(wanted, least), 2 * this.#size, MAX_SIZE)
    this.#read = 0
    this.#busy = 0
  }
}
