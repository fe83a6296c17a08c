import { CommandError } from '../child/errors.ts'
import { CoordinationError, describe, TimeoutError } from '../errors.ts'
import { EXIT_CODES } from './exit-codes.ts'
import { Interrupted, isBrokenPipe } from './interrupts.ts'
import { invocation } from './invocation.ts'

/** A failure as the user meets it. */
interface Failure {
  readonly name: string
  readonly code: number
  readonly message: string
  readonly details?: object
}

const classify = (thrown: unknown): Failure => {
  const error = isBrokenPipe(thrown) ? new Interrupted('SIGPIPE') : thrown
  if (error instanceof CoordinationError) {
    const code = invocation.style.exitCodes[error.kind] ?? EXIT_CODES[error.kind].code
    const details = error instanceof TimeoutError ? { pending: error.pending } : {}
    return { name: error.kind, code, message: error.message, details }
  }
  if (error instanceof CommandError) {
    return { name: 'command', code: error.exitCode, message: error.message }
  }
  if (error instanceof Interrupted) {
    return { name: 'interrupted', code: error.exitCode, message: error.message }
  }
  const message = `internal error, please report it: ${describe(error)}`
  return { name: 'internal', code: invocation.style.exitCodes.internal ?? 125, message }
}

/** Shows a failure, as `--json` on stdout unless that belongs to COMMAND, and sets the exit code. */
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
  if (verbose && error instanceof Error) process.stderr.write(`${error.stack}\n`)
}
