import { accessSync, constants, statSync } from 'node:fs'
import { CommandNotExecutableError, CommandNotFoundError, errorCode } from './errors.ts'
import { type Format, formatOf } from './format.ts'
import { shellHint } from './shell-hint.ts'

/** The input of execve(2): the file, and the arguments from number 0 on. */
export interface Executable {
  readonly file: string
  readonly argv: readonly string[]
}

// The kernel follows a chain of scripts as interpreters only to this depth.
const SCRIPT_DEPTH = 5
const DEFAULT_PATH = '/bin:/usr/bin'

/**
 * The file for `name`, found and checked as execvp(3) and the kernel do it: a failing `process.execve` aborts the whole
 * process on Node 22 and 24.
 *
 * @throws CommandNotFoundError, CommandNotExecutableError
 */
export function resolveCommand(name: string, env: NodeJS.ProcessEnv): string {
  const path = locate(name, env)
  loaderOf(name, path)
  return path
}

/** `command` in the form that the kernel runs: a script without `#!` becomes an argument of `/bin/sh`. */
export function executable(command: readonly string[], env: NodeJS.ProcessEnv): Executable {
  const [name = '', ...rest] = command
  const file = locate(name, env)
  if (loaderOf(name, file) === 'kernel') return { file, argv: [name, ...rest] }
  return { file: '/bin/sh', argv: ['/bin/sh', file.startsWith('-') ? `./${file}` : file, ...rest] }
}

/** The first program of that name that may be executed; `undefined` if there is none. */
export function findProgram(name: string, env: NodeJS.ProcessEnv): string | undefined {
  return candidates(name, env).find((path) => obstacle(path) === undefined)
}

function locate(name: string, env: NodeJS.ProcessEnv): string {
  let denied: string | undefined
  for (const path of candidates(name, env)) {
    const reason = obstacle(path)
    if (reason === undefined) return path
    if (reason !== 'absent') denied ??= reason
  }
  if (denied === undefined) {
    const hint = shellHint(name)
    throw new CommandNotFoundError(name, hint && `command not found; ${hint}`)
  }
  throw new CommandNotExecutableError(name, denied)
}

function candidates(name: string, env: NodeJS.ProcessEnv): string[] {
  if (name === '') return []
  if (name.includes('/')) return [name]
  return (env.PATH ?? DEFAULT_PATH).split(':').map((folder) => `${folder || '.'}/${name}`)
}

/** Why `path` cannot be executed, regardless of its content. */
function obstacle(path: string): string | undefined {
  try {
    const file = statSync(path)
    if (file.isDirectory()) return 'is a directory'
    if (!file.isFile()) return 'is not a regular file'
    accessSync(path, constants.X_OK)
    return undefined
  } catch (error) {
    return denial(errorCode(error))
  }
}

function denial(code: string | undefined): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'absent'
  return code === 'EACCES' ? 'permission denied' : `cannot be executed (${code ?? 'unknown'})`
}

function loaderOf(name: string, path: string, depth = 0): 'kernel' | 'shell' {
  const format = formatOf(path)
  if (format.kind === 'unusable') throw new CommandNotExecutableError(name, format.reason)
  if (format.kind !== 'interpreted') return format.kind
  if (depth === SCRIPT_DEPTH) throw new CommandNotExecutableError(name, 'too many interpreters')
  return loaderOf(name, interpreterOf(name, format), depth + 1)
}

function interpreterOf(name: string, format: Format & { kind: 'interpreted' }): string {
  const { interpreter } = format
  const reason = obstacle(interpreter)
  if (reason === undefined) return interpreter
  const quoted = JSON.stringify(interpreter)
  if (reason === 'absent')
    throw new CommandNotFoundError(name, `its interpreter ${quoted} was not found`)
  throw new CommandNotExecutableError(name, `its interpreter ${quoted}: ${reason}`)
}
