import { isUtf8 } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { UsageError } from '../base/errors.ts'
import { quoteRedacted } from '../base/redact.ts'

/** A command line, split at its first `--`. */
export interface SplitArguments {
  /** The arguments of rdv itself. */
  readonly own: string[]
  /** COMMAND: the words after `--`, unchanged. `undefined` if there is no `--`. */
  readonly command: string[] | undefined
}

/** COMMAND is split off before any parser sees the arguments, because parsers reorder and drop some of them. */
export const splitAtCommand = (argv: readonly string[]): SplitArguments => {
  const at = argv.indexOf('--')
  return at === -1
    ? { own: [...argv], command: undefined }
    : { own: argv.slice(0, at), command: argv.slice(at + 1) }
}

/**
 * Moves flags from before the command's name to after it: `--json get k` becomes `get --json k`. `commands` are the
 * ids of all commands, such as `counter:inc`. `takesValue` says whether the argument after a flag is its value.
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
 * Refuses arguments that are not UTF-8. The runtime has replaced some of their bytes by U+FFFD. So they cannot be
 * passed on unchanged, and two different keys could become one.
 * @throws UsageError that names the first such argument.
 */
export const refuseMangled = (argv: readonly string[]): void => {
  const mangled = argv.find((word) => word.includes('\ufffd'))
  if (mangled !== undefined && !isUtf8(typed())) {
    throw new UsageError(`the argument ${quoteRedacted(mangled)} is not UTF-8: write it in UTF-8`)
  }
}

/** The bytes of the command line. Empty if the system does not provide them. */
const typed = (): Buffer => {
  try {
    return readFileSync('/proc/self/cmdline')
  } catch {
    return Buffer.alloc(0)
  }
}
