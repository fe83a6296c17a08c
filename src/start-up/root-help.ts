import packageJson from '../../package.json' with { type: 'json' }
import { exitCodeRows } from '../cli/exit-codes.ts'
import { COMMAND_GROUPS } from '../commands/groups.ts'
import { readManifest } from './plugin.ts'

/** Columns of a common terminal. */
const WIDTH = 100

type Item = readonly [name: string, meaning: string]

/** The output of `rdv --help`: the commands by purpose, and the exit codes. `root` is the package's folder. */
export const rootHelp = (root: string): string => {
  const described = readManifest(root)
  const groups = COMMAND_GROUPS.map(([purpose, ids]) =>
    section(
      purpose,
      ids.map((id) => [id.replace(':', ' '), described[id]?.summary ?? '']),
    ),
  )
  return [
    `${packageJson.description}.\n`,
    'USAGE\n  $ rdv COMMAND [ARGUMENTS] [FLAGS] [-- COMMAND…]\n',
    ...groups,
    section('HELP', [
      ['help COMMAND', 'Shows the help of a command, as rdv COMMAND --help does.'],
      ['version', 'Shows the version, as rdv --version does.'],
    ]),
    section(
      'EXIT CODES',
      exitCodeRows().map(([code, name, meaning]) => [`${code.padEnd(9)}${name}`, meaning]),
    ),
  ].join('\n')
}

const section = (title: string, items: readonly Item[]): string => {
  const column = Math.max(...items.map(([name]) => name.length)) + 4
  const lines = items.map(([name, meaning]) => {
    const [first = '', ...more] = wrapped(meaning, WIDTH - column)
    const indented = more.map((line) => `${' '.repeat(column)}${line}\n`)
    return `  ${name.padEnd(column - 2)}${first}\n${indented.join('')}`
  })
  return `${title}\n${lines.join('')}`
}

/** Breaks the text at blanks into lines of limited length. */
const wrapped = (text: string, width: number): string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
