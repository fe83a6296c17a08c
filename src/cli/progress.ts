import type { Progress } from '../recipes/wait/tally.ts'
import { invocation } from './invocation.ts'
import { CLEAR_LINE, setLineLive } from './output.ts'

/** A wait that ends sooner (milliseconds) says nothing. */
const QUIET_START = 500
const LIVE_EVERY = 200

/**
 * Shows on stderr what a wait still waits for: a line that lives on a terminal, elsewhere a line for each change.
 */
export class WaitProgress implements Disposable {
  readonly #live = process.stderr.isTTY === true && process.env.TERM !== 'dumb'
  readonly #started = Date.now()
  readonly #timer: NodeJS.Timeout | undefined
  #state: Progress = []
  #shown = ''

  constructor() {
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
  }

  #show(): void {
    const pending = this.#state.filter(({ met }) => !met)
    const text = pending.map(({ target, reason }) => `${target} (${reason})`).join(', ')
    if (text === '' || Date.now() - this.#started < QUIET_START) return
    if (this.#live) this.#draw(text)
    else if (text !== this.#shown) process.stderr.write(`rdv: waiting for ${text}\n`)
    this.#shown = text
  }

  #draw(text: string): void {
    const seconds = ((Date.now() - this.#started) / 1000).toFixed(1)
    const line = `${seconds}s waiting for ${text}`.slice(0, (process.stderr.columns ?? 80) - 1)
    setLineLive(true)
    process.stderr.write(
      `${CLEAR_LINE}${process.env.NO_COLOR ? line : `\u001b[2m${line}\u001b[0m`}`,
    )
  }
}
