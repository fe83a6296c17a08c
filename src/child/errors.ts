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

/** There is no such program, or what it needs to be started (its interpreter) does not exist. */
export class CommandNotFoundError extends CommandError {
  override readonly exitCode = 127

  constructor(command: string, reason = 'command not found', options?: ErrorOptions) {
    super(command, `${JSON.stringify(withoutValue(command))}: ${reason}`, options)
  }
}

/** The file is there, but it may not, or cannot, be executed on this machine. */
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

/** What a system call said when it was asked to run `command`, as one of the two errors above. */
export function commandError(command: string, error: unknown): CommandError {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
    ? new CommandNotFoundError(command, undefined, { cause: error })
    : new CommandNotExecutableError(command, `cannot be run (${code ?? 'unknown'})`, {
        cause: error,
      })
}

/** COMMAND's name as it may be shown: in `NAME=value` the value may be a secret. */
export const withoutValue = (name: string): string =>
  redact(name.replace(/^([A-Za-z_]\w*\+?=).+$/s, '$1…'))
