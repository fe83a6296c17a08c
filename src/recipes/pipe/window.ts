/** How many messages may be on their way to a reader of which nothing is known yet, … */
const INITIAL_SIZE = 2
/** … and at most. */
const MAX_SIZE = 128

/** What a reader reads in this time (milliseconds) may be on its way to it, beside the message that it is at. */
const READ_AHEAD = 10

/**
 * How many messages may be on their way to a reader: few enough that none waits for long while another reader is idle,
 * and enough that a quick reader never has to wait for the network.
 */
export class Window {
  #size = INITIAL_SIZE
  #read = 0
  #busy = 0
  #way: number | undefined

  get size(): number {
    return this.#size
  }

  /** The reader took so long (milliseconds) for a message. */
  read(elapsed: number): void {
    this.#read++
    this.#busy += elapsed
  }

  /** The reader was idle, and so long (milliseconds) after it was known to the sender a message came. */
  waited(elapsed: number): void {
    // The sender may have had nothing to send: only the shortest wait tells how far away it is.
    this.#way = Math.min(elapsed, this.#way ?? elapsed)
  }

  /** Fits the size to what was read since it was done last, by a factor of two at most. */
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
