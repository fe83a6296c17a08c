import { UNANSWERED } from '../../recipes/wait/condition.ts'
import type { Progress } from '../../recipes/wait/tally.ts'
import { invocation } from '../invocation.ts'
import { CLEAR_LINE, setLineLive } from './print.ts'

/** A wait that ends sooner (milliseconds) says nothing. */
const QUIET_START = 500
const LIVE_EVERY = 200

/**
 * Shows on stderr what a wait still waits for: a line that lives on a terminal, elsewhere a line for each change.
 */
export class WaitProgress implements Disposable {
  readonly #live = process.stderr.isTTY === true && process.env.TERM !== 'dumb'
  readonly #started: number
  /** What was found last of each target while its store could be asked. */
  readonly #found = new Map<string, string>()
  readonly #timer: NodeJS.Timeout | undefined
  #state: Progress = []
  #shown = ''

  /** `started`: when the wait began, milliseconds since 1970. */
  constructor(started = Date.now()) {
    this.#started = started
    if (invocation.style.quiet || invocation.style.json) return
    this.#timer = setInterval(() => this.#show(), this.#live ? LIVE_EVERY : QUIET_START)
    this.#timer.unref()
  }

  update(state: Progress): void {
    this.#state = state
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
    setLineLive(false)
    if (this.#live && this.#shown) process.stderr.write(CLEAR_LINE)
    this.#shown = ''
  }

  #show(): void {
    const pending = this.#state.filter(({ met }) => !met)
    const text = pending.map((one) => `${one.target} (${this.#reasonOf(one)})`).join(', ')
    if (text === '' || Date.now() - this.#started < QUIET_START) return
    if (this.#live) this.#draw(text)
    else if (text !== this.#shown) process.stderr.write(`rdv: waiting for ${text}\n`)
    this.#shown = text
  }

  /** Of a store that is away another line tells. */
  #reasonOf({ target, reason, away }: Progress[number]): string {
    if (away) return this.#found.get(target) ?? UNANSWERED.reason
    this.#found.set(target, reason)
    return reason
  }

  #draw(text: string): void {
    const seconds = ((Date.now() - this.#started) / 1000).toFixed(1)
    const line = `${seconds}s waiting for ${text}`.slice(0, (process.stderr.columns || 80) - 1)
    setLineLive(true)
    process.stderr.write(
      `${CLEAR_LINE}${process.env.NO_COLOR ? line : `\u001b[2m${line}\u001b[0m`}`,
    )
  }
}
