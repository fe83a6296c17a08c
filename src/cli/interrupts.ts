import { now } from '../base/clock.ts'
import { LazyController } from '../base/lazy-signal.ts'
import { ENDING, exitCodeOf } from '../child/ending.ts'

/** A signal told us to end. */
export class Interrupted extends Error {
  readonly exitCode: number
  /** When, in monotonic milliseconds. */
  readonly at = now()

  constructor(name: NodeJS.Signals) {
    super(`interrupted by ${name}`)
    this.name = 'Interrupted'
    this.exitCode = exitCodeOf(name)
  }
}

/**
 * HUP, INT, QUIT and TERM as an AbortSignal, from when it is told to listen, or asked for that: until then they end the
 * process as they end any other one. The second one of them ends it at once.
 */
export class Interrupts implements Disposable {
  readonly #end = new LazyController<Interrupted>(() => this.listen())
  readonly #hurry = new LazyController<Interrupted>()
  #listening = false

  constructor() {
    process.stdout.on('error', this.#stopWriting)
  }

  get signal(): AbortSignal {
    return this.#end.signal
  }

  /** Aborts, with an Interrupted, when a signal has told us or our COMMAND to end: what is left must be done soon. */
  get hurried(): AbortSignal {
    return this.#hurry.signal
  }

  /** The signal that has told us to end, if one has. */
  get told(): Interrupted | undefined {
    return this.#end.reason
  }

  /** A signal has told COMMAND to end. */
  hurry(name: NodeJS.Signals): void {
    this.#hurry.abort(new Interrupted(name))
  }

  /** Also again, after it was disposed of. */
  listen(): void {
    if (this.#listening) return
    this.#listening = true
    for (const name of ENDING) process.on(name, this.#receive)
  }

  /** From now on HUP does not end us: it is for this. */
  onHangUp(heed: () => void): void {
    process.off('SIGHUP', this.#receive)
    process.on('SIGHUP', heed)
  }

  /** As if this signal had come. */
  tell(name: NodeJS.Signals): void {
    this.hurry(name)
    this.#end.abort(new Interrupted(name))
  }

  [Symbol.dispose](): void {
    if (!this.#listening) return
    this.#listening = false
    for (const name of ENDING) process.off(name, this.#receive)
  }

  /** Nobody reads our results any more. */
  readonly #stopWriting = (error: unknown): void => {
    if (isBrokenPipe(error)) this.tell('SIGPIPE')
  }

  readonly #receive = (name: NodeJS.Signals): void => {
    if (this.#end.reason) process.exit(exitCodeOf(name))
    this.tell(name)
  }
}

/** The reader of stdout has gone: for a program in C that is a SIGPIPE. */
export const isBrokenPipe = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'EPIPE'
