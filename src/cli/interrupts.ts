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
    this.listen()
    process.stdout.on('error', this.#stopWriting)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Again, after it was disposed of. */
  listen(): void {
    for (const name of ENDING) process.on(name, this.#receive)
  }

  /** As if this signal had come. */
  tell(name: NodeJS.Signals): void {
    this.#controller.abort(new Interrupted(name))
  }

  [Symbol.dispose](): void {
    for (const name of ENDING) process.off(name, this.#receive)
  }

  /** Nobody reads our results any more. */
  readonly #stopWriting = (error: unknown): void => {
    if (isBrokenPipe(error)) this.#controller.abort(new Interrupted('SIGPIPE'))
  }

  readonly #receive = (name: NodeJS.Signals): void => {
    if (this.signal.aborted) process.exit(exitCodeOf(name))
    this.tell(name)
  }
}

/** The reader of stdout has gone: for a program in C that is a SIGPIPE. */
export const isBrokenPipe = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'EPIPE'
