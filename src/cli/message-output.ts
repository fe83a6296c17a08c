import { once } from 'node:events'
import { invocation } from './invocation.ts'
import { contentOf } from './message-format.ts'

/** How long (milliseconds) an interrupt leaves the reader of stdout to take what is there. */
const PATIENCE = 500

/** What the end of an interrupted process may still take: giving up what is held. */
const LAST_RESORT = 700

/** Writes messages to stdout, each with its delimiter or as an object a line, no faster than they are read. */
export class MessageOutput implements Disposable {
  readonly #delimiter: Buffer
  readonly #signal: AbortSignal
  readonly #givingUp = new AbortController()

  constructor(delimiter: number, signal: AbortSignal) {
    this.#delimiter = Buffer.from([delimiter])
    this.#signal = signal
    signal.addEventListener('abort', this.#hurry)
  }

  /** Resolves when more may be written; rejects with the signal's reason when nobody reads on after it has aborted. */
  async write(message: Buffer): Promise<void> {
    // By its full name, which the build replaces.
    const stdout = process.stdout
    if (stdout.errored) this.#signal.throwIfAborted()
    if (stdout.writableCorked === 0) {
      stdout.cork()
      process.nextTick(() => stdout.uncork())
    }
    stdout.write(this.#format(message))
    if (stdout.writableNeedDrain) await this.#drained()
  }

  [Symbol.dispose](): void {
    this.#signal.removeEventListener('abort', this.#hurry)
  }

  #format(message: Buffer): string | Buffer {
    if (!invocation.style.json) return Buffer.concat([message, this.#delimiter])
    return `${JSON.stringify(contentOf(message))}\n`
  }

  async #drained(): Promise<void> {
    try {
      await once(process.stdout, 'drain', { signal: this.#givingUp.signal })
    } catch (error) {
      if (!this.#signal.aborted) throw error
      // What nobody reads would keep the process for ever.
      setTimeout(() => process.exit(), LAST_RESORT).unref()
      throw this.#signal.reason
    }
  }

  readonly #hurry = (): void => {
    setTimeout(() => this.#givingUp.abort(), PATIENCE).unref()
  }
}
