import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPipe, unread } from './unread-pipe.ts'

/** The most results that a quick reader is given before it is looked again. */
const MAX_AHEAD = 16_384

/** How long (milliseconds) a reader may take for what it was given: one that takes half as long is given more, … */
const QUICK_WITHIN = 50
/** … if it was quick so often: the first result is always taken at once. */
const QUICK_TIMES = 4

/** The longest pause (milliseconds) between two checks. */
const MAX_PAUSE = 20

/**
 * Holds a writer to the pace of the reader of its pipe. The system takes 64 KiB for a reader, thousands of short lines,
 * whether it reads them or not. So it is looked whether the pipe has been emptied: after each result while the reader
 * is slow, and seldom while it is quick.
 */
export class ReaderPace {
  readonly #descriptor: number
  #watches: boolean
  #trusted = 1
  #quick = 0
  #written = 0

  constructor(descriptor: number) {
    this.#descriptor = descriptor
    this.#watches = isPipe(descriptor)
  }

  /** Whether it can tell what the reader does. */
  get watches(): boolean {
    return this.#watches
  }

  /** Whether each result is waited for. */
  get slow(): boolean {
    return this.#watches && this.#trusted === 1
  }

  /** So many results were written. What it returns resolves when the reader may be given more, and never rejects. */
  wrote(results: number, signal: AbortSignal): Promise<void> | undefined {
    this.#written += results
    return this.#watches && this.#written >= this.#trusted ? this.#check(signal) : undefined
  }

  async #check(signal: AbortSignal): Promise<void> {
    const took = await this.#emptied(signal)
    this.#quick = took > QUICK_WITHIN / 2 ? 0 : this.#quick + 1
    const factor = this.#quick >= QUICK_TIMES ? 2 : Math.min(1, QUICK_WITHIN / took)
    this.#trusted = Math.min(Math.max(1, Math.floor(factor * this.#trusted)), MAX_AHEAD)
    this.#written = 0
  }

  /** Waits until nothing is unread. Resolves to how long (milliseconds) that took. */
  async #emptied(signal: AbortSignal): Promise<number> {
    const since = performance.now()
    for (let pause = 1; !signal.aborted; pause = Math.min(2 * pause, MAX_PAUSE)) {
      const left = await unread(this.#descriptor)
      if (left === undefined) this.#watches = false
      if (!left) break
      await sleep(pause, undefined, { signal }).catch(() => {})
    }
    return performance.now() - since
  }
}
