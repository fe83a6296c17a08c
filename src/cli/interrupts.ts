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
  readonly #controllers = new Set<AbortController>()
  #reason: Interrupted | undefined
  #signal: AbortSignal | undefined

  constructor() {
    this.listen()
    process.stdout.on('error', this.#stopWriting)
  }

  get signal(): AbortSignal {
    this.#signal ??= this.controller().signal
    return this.#signal
  }

  /** One that is aborted likewise, until it is let go. */
  controller(): AbortController {
    const controller = new AbortController()
    if (this.#reason) controller.abort(this.#reason)
    this.#controllers.add(controller)
    return controller
  }

  letGo(controller: AbortController): void {
    this.#controllers.delete(controller)
  }

  /** Again, after it was disposed of. */
  listen(): void {
    for (const name of ENDING) process.on(name, this.#receive)
  }

  /** As if this signal had come. */
  tell(name: NodeJS.Signals): void {
    this.#reason ??= new Interrupted(name)
    for (const controller of this.#controllers) controller.abort(this.#reason)
  }

  [Symbol.dispose](): void {
    for (const name of ENDING) process.off(name, this.#receive)
  }

  /** Nobody reads our results any more. */
  readonly #stopWriting = (error: unknown): void => {
    if (isBrokenPipe(error)) this.tell('SIGPIPE')
  }

  readonly #receive = (name: NodeJS.Signals): void => {
    if (this.#reason) process.exit(exitCodeOf(name))
    this.tell(name)
  }
}

/** The reader of stdout has gone: for a program in C that is a SIGPIPE. */
export const isBrokenPipe = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException | null)?.code === 'EPIPE'
