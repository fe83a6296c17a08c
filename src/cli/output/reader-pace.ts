import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPipe, unread } from './unread-pipe.ts'

/** The maximum number of results that are written between two checks, however fast the reader is. */
const MAX_AHEAD = 16_384

/**
 * Milliseconds in which a reader should take the results between two checks. If it takes longer, there are fewer
 * results before the next check.
 */
const QUICK_WITHIN = 50

/**
 * If the reader was twice as fast in this number of checks in a row, there are more results before the next check. One
 * fast check shows nothing, because the first result is always taken at once.
 */
const QUICK_TIMES = 4

/** The longest pause between two looks at the pipe, in milliseconds. */
const MAX_PAUSE = 20

/**
 * Keeps a writer at the pace of the reader of its pipe. The pipe takes 64 KiB, which are thousands of short lines,
 * whether the reader reads them or not. So the writer checks whether the pipe is empty: after each result while the
 * reader is slow, and rarely while it is fast.
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

  /** Whether the pipe can be checked. */
  get watches(): boolean {
    return this.#watches
  }

  /** Whether the writer has to wait after each result. */
  get slow(): boolean {
    return this.#watches && this.#trusted === 1
  }

  /**
   * Call it when results were written. Resolves when more may be written, and never rejects. `undefined` if more may be
   * written at once.
   */
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

  /** Waits until the pipe is empty. Resolves to the milliseconds that this took. */
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
