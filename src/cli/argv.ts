import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { UsageError } from '../base/errors.ts'
import { quoted } from '../base/redact.ts'

/** What the user typed, apart. */
export interface SplitArguments {
  /** What is for rdv. */
  readonly own: string[]
  /** What follows the first `--`, byte for byte; `undefined` where there is no `--`. */
  readonly command: string[] | undefined
}

/** COMMAND is split off before anything looks at the arguments: parsers reorder and drop some of them. */
export const splitAtCommand = (argv: readonly string[]): SplitArguments => {
  const at = argv.indexOf('--')
  return at === -1
    ? { own: [...argv], command: undefined }
    : { own: argv.slice(0, at), command: argv.slice(at + 1) }
}

/**
 * Moves the flags that stand before the command's name behind it: `--json get k` is `get --json k`.
 * `takesValue` tells of which flags the next argument is the value; `commands` are the ids, `counter:inc`.
 */
export const nameFirst = (
  argv: readonly string[],
  commands: readonly string[],
  takesValue: (flag: string) => boolean,
): string[] => {
  let at = 0
  while (at < argv.length && argv[at]?.startsWith('-')) at += takesValue(argv[at] ?? '') ? 2 : 1
  const words = commands.includes(`${argv[at]}:${argv[at + 1]}`) ? 2 : 1
  return [...argv.slice(at, at + words), ...argv.slice(0, at), ...argv.slice(at + words)]
}

/**
 * Refuses arguments that are not UTF-8: the runtime has put U+FFFD in their place, so they cannot be handed on byte for
 * byte, and two different keys would be one.
 * @throws UsageError naming the first of them.
 */
export const refuseMangled = (argv: readonly string[]): void => {
  const mangled = argv.find((word) => word.includes('\ufffd'))
  if (mangled !== undefined && !isUtf8(typed())) {
    throw new UsageError(`the argument ${quoted(mangled)} is not UTF-8: write it in UTF-8`)
  }
}

/** The bytes of the command line, where the system tells. */
const typed = (): Buffer => {
  try {
    return readFileSync('/proc/self/cmdline')
  } catch {
    return Buffer.alloc(0)
  }
}
