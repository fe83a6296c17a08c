import { once } from 'node:events'

/** How long (milliseconds) an interrupt leaves the reader of stdout to take what was written. */
const DRAIN_LIMIT = 500

/** Stdout, for a stream of results: a slow reader is waited for, after an interrupt for a moment only. */
export class BackpressuredOutput {
  readonly #signal: AbortSignal
  readonly #givingUp = new AbortController()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    if (signal.aborted) this.#limitWrites()
    else signal.addEventListener('abort', this.#limitWrites, { once: true })
  }

  /**
   * Resolves when more may be written: the system has all that was written before this go. What is written in one go
   * goes out in one go.
   * @throws the signal's reason: nobody has read on after it has aborted.
   */
  async write(bytes: string | Uint8Array): Promise<void> {
    // By its full name, which the build replaces.
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

  /** Resolves once the system has all that was written. @throws likewise. */
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

/** What nobody reads would keep the process for ever: it ends as soon as it is known with which exit code. */
const exitUnread = (): void => {
  const check = () => process.exitCode !== undefined && process.exit()
  setInterval(check, 20).unref()
}
