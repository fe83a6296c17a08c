import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { UsageError } from '../base/errors.ts'
import { type Executable, findProgram } from './resolve.ts'

/** A program, and the environment with which it is started. */
export interface ProgramStart {
  readonly program: Executable
  readonly env: NodeJS.ProcessEnv
}

const PATH = '/usr/bin:/bin'
const SHELL = '/bin/sh'
/** In bytes. Linux takes an argument of at most 128 KiB. */
const LONGEST_SCRIPT = 120_000

/** The variable by which the watchdog recognizes COMMAND's processes. */
export const MARK = 'RDV_GUARD'

/**
 * Returns a start that passes `env` on byte for byte. The runtime replaces bytes that are not UTF-8 by U+FFFD. If it
 * did so, a shell spells these variables, and env(1) starts the program with exactly this environment.
 *
 * @throws UsageError this system cannot pass them on unchanged. The message names the variables.
 */
export function withExactEnvironment(start: ProgramStart): ProgramStart {
  const inexact = inexactIn(start.env)
  return inexact.length === 0 ? start : spelled(start, inexact)
}

/** The first environment variable that is not UTF-8 and whose name starts with `beginning`. */
export const inexactName = (beginning: string): string | undefined =>
  inexactIn(process.env)
    .map(nameOf)
    .find((name) => name.startsWith(beginning))

/** Whether the strings of `env` represent the bytes with which this process was started. */
export const isExact = (env: NodeJS.ProcessEnv): boolean => inexactIn(env).length === 0

/** The variables whose strings do not represent their bytes. */
function inexactIn(env: NodeJS.ProcessEnv): Buffer[] {
  const all = bytesAtStart()
  if (isUtf8(all)) return []
  return variablesIn(all).filter(
    (bytes) => !isUtf8(bytes) && bytes.includes('=') && isIn(env, nameOf(bytes)),
  )
}

// Node has no value for a name that is not UTF-8. This process may have changed or removed any other variable.
const isIn = (env: NodeJS.ProcessEnv, name: string): boolean =>
  name.includes('\ufffd') || (name in env && env[name] === process.env[name])

// Without /proc, only the strings are known, as for arguments.
function bytesAtStart(): Buffer {
  try {
    return readFileSync('/proc/self/environ')
  } catch {
    return Buffer.alloc(0)
  }
}

function variablesIn(all: Buffer): Buffer[] {
  const variables: Buffer[] = []
  for (let at = 0, end = 0; at < all.length; at = end + 1) {
    end = all.indexOf(0, at)
    if (end === -1) end = all.length
    variables.push(all.subarray(at, end))
  }
  return variables
}

const nameOf = (variable: Buffer): string => variable.toString().split('=', 1)[0] ?? ''

function spelled({ program, env }: ProgramStart, inexact: readonly Buffer[]): ProgramStart {
  const names = new Set(inexact.map(nameOf))
  const plain = Object.entries(env).filter(
    ([name, value]) => value !== undefined && !names.has(name),
  )
  const [first = '', ...others] = plain.map(([name, value]) => `${name}=${value}`)
  const tool = findProgram('env', { PATH })
  const script = scriptOf(`exec ${tool} -i --${first && ' "$0"'}`, inexact)
  // env(1) would take a program with "=" in its name for a variable.
  const possible = tool && findProgram(SHELL, {}) && !program.argv[0]?.includes('=')
  if (!possible || script.length > LONGEST_SCRIPT) throw refusal(names)
  return {
    program: { file: SHELL, argv: ['sh', '-c', script, first, ...others, ...program.argv] },
    env: { ...(env[MARK] && { [MARK]: env[MARK] }), PATH },
  }
}

/**
 * Adds the spelled variables and the shell's arguments. The x is needed because a command substitution drops newlines
 * at its end.
 */
function scriptOf(start: string, inexact: readonly Buffer[]): string {
  const spell = (bytes: Buffer, at: number) => `v${at}=$(printf %bx '${escaped(bytes)}')\n`
  const names = inexact.map((_, at) => `"\${v${at}%x}"`)
  return `${inexact.map(spell).join('')}${start} ${names.join(' ')} "$@"`
}

const escaped = (bytes: Buffer): string =>
  bytes
    .toString('latin1')
    .replace(/[^\w=]/g, (byte) => `\\0${byte.charCodeAt(0).toString(8).padStart(3, '0')}`)

const refusal = (names: ReadonlySet<string>): UsageError =>
  new UsageError(
    `the environment variable ${[...names].map((name) => JSON.stringify(name)).join(', ')} is not UTF-8 and cannot be passed on unchanged: write it in UTF-8, or unset it`,
  )
