import { BackpressuredOutput } from './backpressured-output.ts'
import { ReaderPace } from './reader-pace.ts'

/** When a batch exceeds this number of bytes, it is written before more results are added. */
const MAX_BATCH_BYTES = 64 * 1024

/**
 * Stdout for many short results. The results of one tick are a batch, which is written in one call. The next batch
 * waits until the reader has taken the previous one.
 */
export class BatchedOutput {
  readonly #output: BackpressuredOutput
  readonly #pace = new ReaderPace(1)
  readonly #ending = new AbortController()
  readonly #hurry: AbortSignal
  #pieces: Uint8Array[] = []
  #bytes = 0
  #results = 0
  /** Resolves when the batch is written. */
  #out: Promise<void> | undefined
  /** Resolves when the batch is written and the reader has taken it. */
  #taken: Promise<void> | undefined

  /** After `signal` has aborted, a slow reader is waited for only for a moment. */
  constructor(signal: AbortSignal) {
    this.#output = new BackpressuredOutput(signal)
    this.#hurry = AbortSignal.any([signal, this.#ending.signal])
  }

  /**
   * Adds a result, and resolves when more may be added: when the reader has taken the earlier batches or, if that
   * cannot be determined, when they are written.
   * @throws the signal's reason: the signal has aborted, and the reader has not continued to read.
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

  /** Resolves when all results are written. @throws as `write` does. */
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
    // The next `write` or `end` throws the error.
    for (const promise of [this.#out, this.#taken]) promise.catch(() => {})
  }

  /** Writes the batch. Resolves to the number of its results. */
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
