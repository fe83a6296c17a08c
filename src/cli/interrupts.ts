import { now } from '../base/clock.ts'
import { ENDING, exitCodeOf } from '../child/ending.ts'

/** A signal told this process to end. */
export class Interrupted extends Error {
  readonly exitCode: number
  /** Time of its arrival, in monotonic milliseconds. */
  readonly at = now()

  constructor(name: NodeJS.Signals) {
    super(`interrupted by ${name}`)
    this.name = 'Interrupted'
    this.exitCode = exitCodeOf(name)
  }
}

/**
 * HUP, INT, QUIT and TERM as an AbortSignal, once `listen` was called: until then each of them ends the process. The second
 * of them ends the process at once.
 */
export class Interrupts implements Disposable {
  readonly #end = new AbortController()
  readonly #hurry = new AbortController()
  #listening = false

  constructor() {
    process.stdout.on('error', this.#stopWriting)
  }

  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Aborts with an Interrupted when a signal has told this process or its COMMAND to end: the rest must be done soon. */
  get hurried(): AbortSignal {
    return this.#hurry.signal
  }

  /** The first signal that told this process to end, if any. */
  get told(): Interrupted | undefined {
    return this.#end.signal.reason
  }

  /** A signal has told COMMAND to end. */
  hurry(name: NodeJS.Signals): void {
    this.#hurry.abort(new Interrupted(name))
  }

  /** Can be called again after the disposal. */
  listen(): void {
    if (this.#listening) return
    this.#listening = true
    for (const name of ENDING) process.on(name, this.#receive)
  }

  /** From now on HUP calls `heed` and does not end the process. */
  onHangUp(heed: () => void): void {
    process.off('SIGHUP', this.#receive)
    process.on('SIGHUP', heed)
  }

  /** Acts as if this signal had arrived. */
  tell(name: NodeJS.Signals): void {
    this.hurry(name)
    this.#end.abort(new Interrupted(name))
  }

  [Symbol.dispose](): void {
    if (!this.#listening) return
    this.#listening = false
    for (const name of ENDING) process.off(name, this.#receive)
  }

  /** The reader of stdout has gone. */
  readonly #stopWriting = (error: unknown): void => {
    if (isBrokenPipe(error)) this.tell('SIGPIPE')
  }

  readonly #receive = (name: NodeJS.Signals): void => {
    if (this.told) process.exit(exitCodeOf(name))
    this.tell(name)
  }
}

/** Whether the reader of stdout has gone. A program in C would get SIGPIPE. */
export const isBrokenPipe = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'EPIPE'
