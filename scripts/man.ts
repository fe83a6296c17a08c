import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Command } from '@oclif/core'
import packageJson from '../package.json' with { type: 'json' }
import { exitCodeRows } from '../src/cli/exit-codes.ts'
import { globalFlags } from '../src/cli/flags/global-flags.ts'
import { COMMANDS, type CommandClass } from '../src/commands/index.ts'
import { isOwnFlag, sentencesOf, usage, type Valued } from './docs.ts'

type Flag = Command.Flag.Any

/** Writes the manual page to `man/rdv.1` in a folder. It has the same texts as the help. */
export const writeManual = async (folder: string): Promise<void> => {
  await mkdir(join(folder, 'man'), { recursive: true })
  await writeFile(join(folder, 'man/rdv.1'), await manual())
}

/** The page in roff with the man macros, in ASCII only. */
const manual = async (): Promise<string> => {
  const commands = [...COMMANDS].map(async ([id, load]) =>
    commandSection(id.replace(':', ' '), (await load()).default),
  )
  const parts = [
    `.TH RDV 1 "" "rendezvous ${packageJson.version}" "User Commands"`,
    '.SH NAME',
    `rdv \\- ${text('coordinates processes: wait, signal, lock, elect, count, and send messages')}`,
    '.SH SYNOPSIS',
    '.B rdv\n.I COMMAND\n[\\fIARGUMENT\\fR]... [\\fIFLAG\\fR]... [\\fB\\-\\-\\fR \\fICOMMAND\\fR...]',
    '.SH DESCRIPTION',
    text(DESCRIPTION),
    '.SH COMMANDS',
    ...(await Promise.all(commands)),
    `.SS "rdv help [COMMAND]"`,
    text('Shows the help of a command, as rdv COMMAND --help does, or lists all commands.'),
    '.SS "rdv version"',
    text('Shows the version, as rdv --version does.'),
    '.SH FLAGS OF EVERY COMMAND',
    ...Object.entries(globalFlags).map(flagItem),
    '.SH EXIT STATUS',
    ...exitCodeRows().map(([code, name, meaning]) =>
      item(`${bold(code)}${name ? ` (${text(name)})` : ''}`, meaning),
    ),
    '.SH SEE ALSO',
    text('The documentation is at https://github.com/rendezvous/rendezvous/tree/main/docs.'),
  ]
  return `${parts.join('\n')}\n`
}

const DESCRIPTION = `Processes on one or more machines meet in a store. By default, the store is a file of this user on this machine. With --backend, it is a rendezvous server (http://), etcd or Consul.
Each command answers with its exit code. It prints results on stdout and everything else on stderr.
The words after the first -- are a program and its arguments. rdv passes them on unchanged, without a shell.`

const commandSection = (name: string, command: CommandClass): string => {
  const own = Object.entries(command.flags ?? {}).filter(isOwnFlag)
  const parts = [
    `.SS "rdv ${text(command.usage?.toString() ?? usage(name, command))}"`,
    text(command.summary ?? ''),
    text(command.description ?? ''),
    ...Object.entries(command.args ?? {}).map(([arg, { description = '' }]) =>
      item(italic(arg.toUpperCase()), description),
    ),
    ...own.map(flagItem),
    exampleLines(command),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

const flagItem = ([name, flag]: readonly [string, Flag]): string => {
  const { helpValue, options } = flag as Valued
  const value = helpValue ?? options?.join('|')
  const environment = flag.env ? ` Environment: ${flag.env}.` : ''
  return item(
    bold(`--${name}`) + (value === undefined ? '' : ` ${italic(value)}`),
    `${sentencesOf(flag)}${environment}`,
  )
}

const exampleLines = ({ examples = [] }: CommandClass): string => {
  const lines = examples.filter((example) => typeof example === 'string')
  if (lines.length === 0) return ''
  const shown = lines.map((line) => text(line.replaceAll('<%= config.bin %>', 'rdv')))
  return ['.PP', '.EX', ...shown, '.EE'].join('\n')
}

const item = (term: string, explanation: string): string => `.TP\n${term}\n${text(explanation)}`

const bold = (word: string): string => `\\fB${text(word)}\\fR`
const italic = (word: string): string => `\\fI${text(word)}\\fR`

/** Escapes text for roff. Each of its lines begins a new line. */
const text = (plain: string): string =>
  plain
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('"', '\\(dq')
    .replaceAll(/^(?=[.'])/gm, '\\&')
    .replaceAll(
      /[^\n -~]/gu,
      (one) => `\\[u${one.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`,
    )
    .replaceAll(/\n(?=.)/g, '\n.br\n')
