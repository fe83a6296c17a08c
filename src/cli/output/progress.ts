import { UNANSWERED } from '../../recipes/wait/condition.ts'
import type { Progress } from '../../recipes/wait/tally.ts'
import { invocation } from '../invocation.ts'
import { CLEAR_LINE, setLineLive } from './print.ts'

/** Milliseconds. A wait that ends sooner prints nothing. */
const QUIET_START = 500
const LIVE_EVERY = 200

/**
 * Shows the pending targets of a wait on stderr: on a terminal in one line that is redrawn, elsewhere in a line for
 * each change.
 */
export class WaitProgress implements Disposable {
  readonly #live = process.stderr.isTTY === true && process.env.TERM !== 'dumb'
  readonly #started: number
  /** The reason of each target from the time when its store last answered. */
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

  /** While a store is away, the last known reason: another line reports the outage. */
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
