import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from '@oclif/core'
import type { TSchema } from 'typebox'
import type { BackendModule } from '../src/backends/backend.ts'
import { describeTraits, TRAIT_NAMES } from '../src/backends/describe-traits.ts'
import { exitCodeRows } from '../src/cli/exit-codes.ts'
import { globalFlags } from '../src/cli/flags/global-flags.ts'
import { COMMANDS, type CommandClass } from '../src/commands/index.ts'
import { FAILURE, JSON_RESULTS } from '../src/commands/json-results.ts'
import { outageSurvived } from '../src/recipes/core/lease-time.ts'
import { formsOf } from './json-schemas.ts'

type Flag = Command.Flag.Any
type Row = readonly string[]

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Each page with generated text, as it has to be, by its path in the checkout. */
export const generateDocs = async (): Promise<Map<string, string>> => {
  const parts = {
    commands: await commands(),
    'exit-codes': exitCodes(),
    'json-failure': fieldTable(FAILURE),
    'json-results': jsonResults(),
    traits: await traits(),
    outages: outages(),
    ...Object.fromEntries(Object.entries(SMALLEST).map(([what, file]) => [what, source(file)])),
  }
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'docs/commands.md',
    'docs/exit-codes.md',
    'docs/json.md',
    'docs/backends.md',
    'docs/lock.md',
  ]
  return new Map(pages.map((page) => [page, fillIn(page, parts)]))
}

/** The smallest source file of each kind, as an example for contributors. */
const SMALLEST = {
  'a-backend': 'src/backends/memory/index.ts',
  'a-recipe': 'src/recipes/get.ts',
  'a-command': 'src/commands/get.ts',
  'a-probe': 'src/probes/file.ts',
} as const

const source = (file: string): string => {
  const text = readFileSync(join(root, file), 'utf8').trimEnd()
  return `\`\`\`ts\n// ${file}\n${text}\n\`\`\``
}

/** Replaces the text between `<!-- generated: NAME -->` and `<!-- end -->`. */
const fillIn = (page: string, parts: Readonly<Record<string, string>>): string =>
  readFileSync(join(root, page), 'utf8').replaceAll(
    /(<!-- generated: ([\w-]+) -->\n).*?(<!-- end -->)/gs,
    (_, begin: string, name: string, end: string) => `${begin}\n${parts[name]}\n\n${end}`,
  )

const table = (header: Row, rows: readonly Row[]): string =>
  [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const code = (text: string): string => (text === '' ? '' : `\`${text.replaceAll('|', '\\|')}\``)

const exitCodes = (): string =>
  table(
    ['code', 'name', 'meaning'],
    exitCodeRows().map(([number, name, meaning]) => [number, code(name), plain(meaning)]),
  )

/** Escapes text for Markdown, and marks flags as code. */
const plain = (text: string): string =>
  text.replaceAll(/[<|*]/g, '\\$&').replaceAll(/(?<![\w-])--[a-z-]+/g, '`$&`')

const commands = async (): Promise<string> => {
  const sections = [...COMMANDS].map(async ([id, load]) => section(id, (await load()).default))
  return [globalSection(), ...(await Promise.all(sections))].join('\n\n')
}

const globalSection = (): string =>
  ['## Flags of every command', flagTable(globalFlags)].join('\n\n')

const section = (id: string, command: CommandClass): string => {
  const name = id.replace(':', ' ')
  const parts = [
    `## ${name}`,
    plain(command.summary ?? ''),
    `\`\`\`text\nrdv ${command.usage ?? usage(name, command)}\n\`\`\``,
    plain(command.description ?? '').replaceAll('\n', '  \n'),
    settings(command),
    examples(command),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** The usage of a command, without the program's name. */
export const usage = (name: string, { args = {} }: CommandClass): string => {
  const words = Object.entries(args).map(([arg, { required, multiple }]) => {
    const word = `${arg.toUpperCase()}${multiple ? '…' : ''}`
    return required ? word : `[${word}]`
  })
  return [name, ...words, '[FLAGS]'].join(' ')
}

/** The table of a command's arguments and own flags. */
const settings = ({ args = {}, flags = {} }: CommandClass): string => {
  const rows = Object.entries(args).map(([name, { description = '' }]) => [
    code(name.toUpperCase()),
    '',
    plain(description),
  ])
  const own = Object.entries(flags).filter(isOwnFlag)
  const all = [...rows, ...own.map(flagRow)]
  return all.length > 0 ? table(HEADER, all) : ''
}

/** Whether a flag is a command's own flag, or a flag of every command with another variable or another text. */
export const isOwnFlag = ([name, { env, summary }]: readonly [string, Flag]): boolean => {
  const same = globalFlags[name as keyof typeof globalFlags]
  return same === undefined || same.env !== env || same.summary !== summary
}

const HEADER = ['', 'environment', 'meaning']

const flagTable = (flags: Readonly<Record<string, Flag>>): string =>
  table(HEADER, Object.entries(flags).map(flagRow))

/** The further properties of flags that take a value. */
export interface Valued {
  readonly helpValue?: string
  readonly options?: readonly string[]
  readonly multiple?: boolean
  readonly default?: unknown
}

const flagRow = ([name, flag]: readonly [string, Flag]): Row => {
  const { helpValue, options } = flag as Valued
  const value = helpValue ?? options?.join('|') ?? ''
  return [
    code(`--${name} ${value}`.trim()),
    code(flag.env ?? ''),
    plain(sentencesOf(flag, (text) => `\`${text}\``)),
  ]
}

/** The summary of a flag, whether it may be repeated, and its default, which `mark` marks as code. */
export const sentencesOf = (flag: Flag, mark = (text: string): string => text): string => {
  const { multiple, default: fallback } = flag as Valued
  const sentences = [
    flag.summary ?? '',
    multiple ? 'May be repeated.' : '',
    typeof fallback === 'string' ? `Default: ${mark(fallback)}.` : '',
  ]
  return sentences.filter((sentence) => sentence !== '').join(' ')
}

const examples = ({ examples: given = [] }: CommandClass): string => {
  const lines = given.filter((example) => typeof example === 'string')
  if (lines.length === 0) return ''
  return `\`\`\`sh\n${lines.join('\n').replaceAll('<%= config.bin %>', 'rdv')}\n\`\`\``
}

const jsonResults = (): string =>
  Object.entries(JSON_RESULTS)
    .map(([id, { schema, streams, onStderr }]) => {
      const notes = [
        streams &&
          `Prints one object per line${streams === 'always' ? '' : ` ${streams.replace(/--[a-z]+/, '`$&`')}`}.`,
        onStderr && 'Prints the object on stderr, because stdout belongs to COMMAND.',
      ]
      return [`## ${id.replace(':', ' ')}`, notes.filter(Boolean).join(' '), fieldTable(schema)]
        .filter((part) => part !== '')
        .join('\n\n')
    })
    .join('\n\n')

const fieldTable = (schema: TSchema): string =>
  formsOf(schema)
    .map((fields) =>
      table(
        ['field', 'type', 'meaning'],
        fields.map(({ path, type, meaning }) => [code(path), type, plain(meaning)]),
      ),
    )
    .join('\n\nor\n\n')

const traits = async (): Promise<string> => {
  const files = globSync('src/backends/*/index.ts', { cwd: root }).sort()
  const rows = files.map(async (file) => {
    const module = (await import(join(root, file))) as BackendModule
    const folder = file.split('/').at(-2) ?? ''
    return module.traits
      ? [folder, ...describeTraits(module.traits)]
      : [folder, 'the network', ...unknown, 'listed']
  })
  return table(['', ...TRAIT_NAMES], await Promise.all(rows))
}

/** The traits of a backend that gets its traits from a server. */
const unknown = Array<string>(5).fill('as the server’s store')

/** In seconds. */
const TTLS = [5, 10, 15, 30, 45, 60, 120] as const

/** The longest outages of a store that sessions survive, by TTL and grace. */
const outages = (): string =>
  table(
    ['`--ttl`', 'survives an outage of', 'with `--grace 0`'],
    TTLS.map((ttl) => [`${ttl} s`, survived(ttl), survived(ttl, 0)]),
  )

const survived = (ttl: number, grace?: number): string => {
  const milliseconds = outageSurvived(ttl * 1_000, { reach: 'network' }, grace)
  return `${Math.floor(milliseconds / 100) / 10} s`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [page, text] of await generateDocs()) writeFileSync(join(root, page), text)
}
