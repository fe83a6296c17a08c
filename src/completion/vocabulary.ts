import type { Command } from '@oclif/core'
import packageJson from '../../package.json' with { type: 'json' }
import { BACKEND_URLS } from '../backends/open.ts'
import { globalFlags } from '../cli/flags/global-flags.ts'
import { COMMANDS, type CommandClass } from '../commands/index.ts'
import { PROBE_URLS } from '../probes/open.ts'
import { SHELLS } from './shells.ts'

/** The values that are possible at one place of a command line. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** Beginnings of words, which the user continues. */
  | { readonly kind: 'beginnings'; readonly words: readonly string[] }
  | { readonly kind: 'file' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'any' }

export interface FlagWords {
  /** With its dashes. */
  readonly name: string
  readonly summary: string
  readonly repeatable: boolean
  /** Absent if the flag takes no value. */
  readonly value?: Value
  /** The name of the value in the help. */
  readonly valueName: string
}

export interface CommandWords {
  /** As it is typed: `counter inc`. */
  readonly name: string
  readonly summary: string
  readonly flags: readonly FlagWords[]
  readonly argument: Value
}

export interface Topic {
  readonly name: string
  readonly summary: string
}

/** The words that shells complete, as the commands themselves define them. */
export interface Vocabulary {
  readonly commands: readonly CommandWords[]
  /** The first words of those commands that have two. */
  readonly topics: readonly Topic[]
  /** The flags that may stand before a command's name. */
  readonly flags: readonly FlagWords[]
}

const ANY: Value = { kind: 'any' }

/** By the name of a flag's value in the help. */
const VALUES: Readonly<Record<string, Value>> = {
  URL: { kind: 'beginnings', words: BACKEND_URLS },
  TARGET: { kind: 'beginnings', words: PROBE_URLS },
  FILE: { kind: 'file' },
  DIR: { kind: 'directory' },
  'now|start|ID': { kind: 'words', words: ['now', 'start'] },
}

/** By the name of an argument. */
const ARGUMENTS: Readonly<Record<string, Value>> = {
  target: { kind: 'beginnings', words: PROBE_URLS },
  url: { kind: 'beginnings', words: PROBE_URLS },
  shell: { kind: 'words', words: SHELLS },
}

/** Loads every command. */
export const vocabulary = async (): Promise<Vocabulary> => {
  const commands = [...COMMANDS].map(async ([id, load]) => commandWords(id, (await load()).default))
  const topics = Object.entries(packageJson.oclif.topics).map(([name, { description }]) => ({
    name,
    summary: description,
  }))
  const flags = [...flagsOf(globalFlags), HELP, VERSION]
  return {
    commands: [...(await Promise.all(commands)), HELP_COMMAND, VERSION_COMMAND],
    topics,
    flags,
  }
}

const commandWords = (id: string, { summary = '', flags = {}, args = {} }: CommandClass) => ({
  name: id.replace(':', ' '),
  summary: firstSentence(summary),
  flags: [...flagsOf({ ...globalFlags, ...flags }), HELP],
  argument: ARGUMENTS[Object.keys(args)[0] ?? ''] ?? ANY,
})

const bare = (name: string, summary: string): FlagWords => ({
  name,
  summary,
  repeatable: false,
  valueName: '',
})

const HELP = bare('--help', 'Shows the help.')
const VERSION = bare('--version', 'Shows the version.')

const HELP_COMMAND: CommandWords = {
  name: 'help',
  summary: 'Shows the help of a command.',
  flags: [],
  argument: { kind: 'words', words: [...COMMANDS.keys()].filter((id) => !id.includes(':')) },
}

const VERSION_COMMAND: CommandWords = {
  name: 'version',
  summary: VERSION.summary,
  flags: [],
  argument: ANY,
}

const flagsOf = (flags: Readonly<Record<string, Command.Flag.Any>>): FlagWords[] =>
  Object.entries(flags).map(([name, flag]) => flagWords(name, flag))

/** The further properties of flags that take a value. */
interface Valued {
  readonly helpValue?: string
  readonly options?: readonly string[]
  readonly multiple?: boolean
}

const flagWords = (name: string, flag: Command.Flag.Any): FlagWords => {
  const { helpValue = '', options, multiple = false } = flag as Valued
  const value: Value = options ? { kind: 'words', words: options } : (VALUES[helpValue] ?? ANY)
  return {
    name: `--${name}`,
    summary: firstSentence(flag.summary ?? ''),
    repeatable: multiple,
    valueName: helpValue || 'VALUE',
    ...(flag.type === 'option' && { value }),
  }
}

/** A menu has little room. */
const firstSentence = (text: string): string => text.replace(/(?<=[\w)])(\. |[:;] ).*$/s, '.')

/** The words that follow a topic, or the whole program's first words. */
export const nextWords = ({ commands, topics }: Vocabulary, topic?: string): readonly Topic[] => {
  if (topic === undefined) {
    const single = commands.filter(({ name }) => !name.includes(' '))
    return [...single, ...topics].toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }
  return commands
    .filter(({ name }) => name.startsWith(`${topic} `))
    .map(({ name, summary }) => ({ name: name.slice(topic.length + 1), summary }))
}

/** Every flag that takes a value, once. A flag's name has the same kind of value in every command. */
export const valuedFlags = ({
  commands,
}: Vocabulary): (FlagWords & { readonly value: Value })[] => {
  const flags = commands.flatMap((command) => command.flags)
  return [...new Map(flags.map((flag) => [flag.name, flag])).values()].filter(
    (flag): flag is FlagWords & { readonly value: Value } => flag.value !== undefined,
  )
}
