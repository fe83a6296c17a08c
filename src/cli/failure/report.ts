import {
  CoordinationError,
  describe,
  type ErrorKind,
  TimeoutError,
  UnavailableError,
} from '../../base/errors.ts'
import { CommandError } from '../../child/errors.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { Interrupted, isBrokenPipe } from '../interrupts.ts'
import { invocation } from '../invocation.ts'
import { causesOf } from './causes.ts'

/** A failure in the form in which it is reported to the user. */
interface Failure {
  readonly name: string
  readonly code: number
  readonly message: string
  readonly details?: object
}

/** The exit code of a kind of failure. The user can change it by --exit-codes. */
export const exitCodeOf = (kind: ErrorKind): number =>
  invocation.style.exitCodes[kind] ?? EXIT_CODES[kind].code

const detailsOf = (error: CoordinationError): object => {
  if (error instanceof TimeoutError) return { pending: error.pending }
  return error instanceof UnavailableError ? error.facts : {}
}

const classify = (thrown: unknown): Failure => {
  const error = isBrokenPipe(thrown) ? new Interrupted('SIGPIPE') : thrown
  if (error instanceof CoordinationError) {
    return {
      name: error.kind,
      code: exitCodeOf(error.kind),
      message: error.message,
      details: detailsOf(error),
    }
  }
  if (error instanceof CommandError) {
    return { name: 'command', code: error.exitCode, message: error.message }
  }
  if (error instanceof Interrupted) {
    return { name: 'interrupted', code: error.exitCode, message: error.message }
  }
  const message = `internal error, please report it: ${describe(error)}`
  return { name: 'internal', code: exitCodeOf('internal'), message }
}

/**
 * Prints a failure, and sets the exit code. `--json` prints an object on stdout, or on stderr if stdout belongs to
 * COMMAND.
 */
export const report = (error: unknown): void => {
  const { name, code, message, details } = classify(error)
  const { json, verbose } = invocation.style
  process.exitCode = code
  if (json) {
    const line = JSON.stringify({ ok: false, error: name, message, exitCode: code, ...details })
    const stream = invocation.command === undefined ? process.stdout : process.stderr
    stream.write(`${line}\n`)
  } else if (name !== 'interrupted') {
    process.stderr.write(`rdv: ${message}\n`)
  }
  if (verbose) process.stderr.write(more(name, error))
}

/** The additional lines of `--verbose`: the stack of an internal error, or the causes of any other error. */
const more = (name: string, error: unknown): string => {
  if (name === 'internal') return error instanceof Error ? `${error.stack}\n` : ''
  // The message already contains the parser's words.
  if (name === 'usage') return ''
  return causesOf(error)
    .map((sentence) => `rdv: caused by: ${sentence}\n`)
    .join('')
}
