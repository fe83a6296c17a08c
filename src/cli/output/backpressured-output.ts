import { once } from 'node:events'

/** Milliseconds after an interrupt in which the reader of stdout can still read the output. */
const DRAIN_LIMIT = 500

/** Stdout for a stream of results. It waits for a slow reader; after an interrupt, only for a moment. */
export class BackpressuredOutput {
  readonly #signal: AbortSignal
  readonly #givingUp = new AbortController()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    if (signal.aborted) this.#limitWrites()
    else signal.addEventListener('abort', this.#limitWrites, { once: true })
  }

  /**
   * Writes, and resolves when more may be written. Everything that is written in one tick is passed to the system at
   * once, after the output of earlier ticks.
   * @throws the signal's reason: the signal has aborted, and the reader has not continued to read.
   */
  async write(bytes: string | Uint8Array): Promise<void> {
    // Written in full, because the build replaces these two words.
    const stdout = process.stdout
    if (stdout.errored) this.#signal.throwIfAborted()
    if (stdout.writableCorked === 0) {
      if (stdout.writableLength > 0) await this.flush()
      stdout.cork()
      process.nextTick(() => stdout.uncork())
    }
    stdout.write(bytes)
    if (stdout.writableNeedDrain) {
      await this.#unlessUnread((signal) => once(stdout, 'drain', { signal }))
    }
  }

  /** Resolves when the system has taken all output. @throws as `write` does. */
  async flush(): Promise<void> {
    await this.#unlessUnread(flushed)
  }

  async #unlessUnread(wait: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
    try {
      await wait(this.#givingUp.signal)
    } catch (error) {
      if (!this.#signal.aborted) throw error
      exitUnread()
      throw this.#signal.reason
    }
  }

  readonly #limitWrites = (): void => {
    setTimeout(() => this.#givingUp.abort(), DRAIN_LIMIT).unref()
  }
}

const flushed = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    process.stdout.write('', (error) => {
      signal.removeEventListener('abort', giveUp)
      if (error) reject(error)
      else resolve()
    })
  })

/**
 * Output that nobody reads would keep the process alive for ever. So the process ends as soon as it has an exit code.
 */
const exitUnread = (): void => {
  const check = () => process.exitCode !== undefined && process.exit()
  setInterval(check, 20).unref()
}
