import { ENDING, exitCodeOf } from '../child/ending.ts'

/** A signal told us to end. */
export class Interrupted extends Error {
  readonly exitCode: number

  constructor(name: NodeJS.Signals) {
    super(`interrupted by ${name}`)
    this.name = 'Interrupted'
    this.exitCode = exitCodeOf(name)
  }
}

/** HUP, INT, QUIT and TERM as an AbortSignal; the second one of them ends the process at once. */
export class Interrupts implements Disposable {
  readonly #controller = new AbortController()

  constructor() {
    for (const name of ENDING) process.on(name, this.#receive)
    process.stdout.on('error', this.#stopWriting)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  [Symbol.dispose](): void {
    for (const name of ENDING) process.off(name, this.#receive)
  }

  /** Nobody reads our results any more. */
  readonly #stopWriting = (error: unknown): void => {
    if (isBrokenPipe(error)) this.#controller.abort(new Interrupted('SIGPIPE'))
  }

  readonly #receive = (name: NodeJS.Signals): void => {
    const interrupted = new Interrupted(name)
    if (this.signal.aborted) process.exit(interrupted.exitCode)
    this.#controller.abort(interrupted)
  }
}

/** The reader of stdout has gone: for a program in C that is a SIGPIPE. */
export const isBrokenPipe = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'EPIPE'
