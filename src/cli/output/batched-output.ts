import { BackpressuredOutput } from './backpressured-output.ts'
import { ReaderPace } from './reader-pace.ts'

/** So many bytes go out together at most; a longer piece goes out whole. */
const MAX_BATCH_BYTES = 64 * 1024

/**
 * Stdout, for many short results: what is written in one go goes out in one call, and the next go waits until the
 * reader has taken that.
 */
export class BatchedOutput {
  readonly #output: BackpressuredOutput
  readonly #pace = new ReaderPace(1)
  readonly #ending = new AbortController()
  readonly #hurry: AbortSignal
  #pieces: Uint8Array[] = []
  #bytes = 0
  #results = 0
  /** There is room for more, … */
  #out: Promise<void> | undefined
  /** … and the reader has taken what was written. */
  #taken: Promise<void> | undefined

  /** `signal`: after it a slow reader is waited for only for a moment. */
  constructor(signal: AbortSignal) {
    this.#output = new BackpressuredOutput(signal)
    this.#hurry = AbortSignal.any([signal, this.#ending.signal])
  }

  /**
   * Resolves when more may be written: the reader of stdout has taken what was written in earlier goes, where that can be
   * told, and else when there is room for more.
   * @throws the signal's reason: nobody has read on after it has aborted.
   */
  async write(...result: readonly Uint8Array[]): Promise<void> {
    if (this.#results === 0) {
      await this.#taken
      this.#begin()
    }
    this.#results++
    for (const piece of result) {
      this.#pieces.push(piece)
      this.#bytes += piece.length
    }
    if (this.#pace.slow) await this.#taken
    else if (this.#bytes > MAX_BATCH_BYTES) await this.#out
  }

  /** Resolves once all of it is on its way. @throws likewise. */
  async end(): Promise<void> {
    this.#ending.abort()
    await this.#out
  }

  #begin(): void {
    const going = new Promise<number>((resolve, reject) => {
      process.nextTick(() => this.#go().then(resolve, reject))
    })
    this.#out = going.then(() => {})
    this.#taken = going.then((results) => this.#pace.wrote(results, this.#hurry))
    // Whoever writes next, or ends, is told.
    for (const promise of [this.#out, this.#taken]) promise.catch(() => {})
  }

  /** Resolves to how many results went out. */
  async #go(): Promise<number> {
    const bytes = Buffer.concat(this.#pieces)
    const results = this.#results
    this.#pieces = []
    this.#bytes = 0
    this.#results = 0
    await this.#output.write(bytes)
    if (this.#pace.watches && process.stdout.writableLength > 0) await this.#output.flush()
    return results
  }
}
