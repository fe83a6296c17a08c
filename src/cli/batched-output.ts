import { PatientOutput } from './patient-output.ts'

/** So many bytes go out together at most; a longer piece goes out whole. */
const MOST = 64 * 1024

/** Stdout, for many short pieces: what is written in one go goes out in one call, and the next go waits for that. */
export class BatchedOutput {
  readonly #output: PatientOutput
  #pieces: Uint8Array[] = []
  #bytes = 0
  #going: Promise<void> | undefined

  /** `signal`: after it a slow reader is waited for only for a moment. */
  constructor(signal: AbortSignal) {
    this.#output = new PatientOutput(signal)
  }

  /**
   * Resolves when more may be written: the system has what was written in earlier goes.
   * @throws the signal's reason: nobody has read on after it has aborted.
   */
  async write(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#pieces.length === 0) await this.#begin()
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#bytes += piece.length
    }
    if (this.#bytes > MOST) await this.#going
  }

  /** Resolves once the system has all of it. @throws likewise. */
  async end(): Promise<void> {
    await this.#going
  }

  async #begin(): Promise<void> {
    await this.#going
    this.#going = new Promise((resolve, reject) => {
      process.nextTick(() => this.#go().then(resolve, reject))
    })
    // Whoever writes next is told.
    this.#going.catch(() => {})
  }

  async #go(): Promise<void> {
    const bytes = Buffer.concat(this.#pieces)
    this.#pieces = []
    this.#bytes = 0
    await this.#output.write(bytes)
    if (process.stdout.writableLength > 0) await this.#output.flush()
    this.#going = undefined
  }
}
