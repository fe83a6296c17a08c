import { redact } from '../base/redact.ts'

/** COMMAND cannot be run. The exit codes are those of a shell, env(1) and timeout(1). */
export abstract class CommandError extends Error {
  abstract readonly exitCode: 126 | 127
  /** COMMAND's name as it was typed. */
  readonly command: string

  constructor(command: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.command = command
  }
}

/** The program, or the interpreter that it needs, does not exist. */
export class CommandNotFoundError extends CommandError {
  override readonly exitCode = 127

  constructor(command: string, reason = 'command not found', options?: ErrorOptions) {
    super(command, `${JSON.stringify(withoutValue(command))}: ${reason}`, options)
  }
}

/** The file exists, but it may not, or cannot, be executed on this machine. */
export class CommandNotExecutableError extends CommandError {
  override readonly exitCode = 126

  constructor(command: string, reason: string, options?: ErrorOptions) {
    super(command, `${JSON.stringify(withoutValue(command))}: ${reason}`, options)
  }
}

/** The code of a system call's error (`ENOENT`), or undefined for anything else. */
export const errorCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

/** Converts the error of a system call that should run `command` to one of the two errors above. */
export function commandError(command: string, error: unknown): CommandError {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new CommandNotFoundError(command, undefined, { cause: error })
    : new CommandNotExecutableError(command, `cannot be run (${code ?? 'unknown'})`, {
        cause: error,
      })
}

/** COMMAND's name without secrets: in `NAME=value` the value may be one. */
export const withoutValue = (name: string): string =>
  redact(name.replace(/^([A-Za-z_]\w*\+?=).+$/s, '$1…'))
