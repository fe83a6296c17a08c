import type * as Interfaces from '@oclif/core/interfaces'
import { UsageError } from '../../base/errors.ts'
import { quoteRedacted } from '../../base/redact.ts'
import { mostSimilar } from '../../base/similar.ts'
import { invocation } from '../invocation.ts'
import { argumentHint } from './other-tools/arguments.ts'
import { flagHint } from './other-tools/flags.ts'

/** The fields of an error of the argument parser. The field `oclif` identifies such an error. */
interface ParseFailure extends Error {
  readonly oclif: object
  readonly flags?: readonly string[]
  readonly args?: readonly unknown[]
}

/** The words that the user typed, and the command that they are for. */
export interface Typed {
  readonly argv: readonly string[]
  readonly command: {
    readonly id: string
    readonly usage?: string
    readonly args: Interfaces.ArgInput
    readonly flags: Interfaces.FlagInput
  }
}

/**
 * Converts an error of the argument parser to a UsageError of one sentence that says what to write. Returns any other
 * error unchanged.
 */
export const explainParseError = (error: unknown, typed: Typed): unknown => {
  if (!isParseFailure(error)) return error
  const { flags, args, message } = error
  if (flags) return new UsageError(unknownFlag(flags[0] ?? '', typed))
  if (args) return new UsageError(wrongArguments(args, typed))
  return new UsageError(missingFlag(typed) ?? wrongVariable(typed) ?? reasonIn(message))
}

/** Checks a field, so that the parser's class of errors need not be loaded. */
const isParseFailure = (error: unknown): error is ParseFailure =>
  error instanceof Error && 'oclif' in error

const unknownFlag = (word: string, typed: Typed): string => {
  const { argv, command } = typed
  const at = argv.indexOf(word)
  const surplus = commandWord(typed)
  if (surplus !== undefined && argv.indexOf(surplus) < at) return oneTooMany(surplus, typed)
  const known = Object.keys({ ...command.flags })
  const [bare, value = argv[at + 1] ?? ''] = halves(word)
  const habit = flagHint(command.id, bare, value)
  const name = bare.replace(/^-+/, '')
  const isKnown = habit !== undefined || bare.startsWith('--') || known.includes(name)
  // the characters after the letter of a short flag may be its value
  const shown = isKnown ? bare : bare.slice(0, 2)
  const offer = (habit && offered(habit, value, typed)) ?? guess(name, known, word, typed)
  return `unknown flag ${shown}${offer}`
}

/** Splits a word that contains a flag and its value: `--wait=5`, `-w5`. */
const halves = (word: string): [flag: string, value?: string] => {
  const [, flag, value] = /^(--?[^=]+)=(.*)$/s.exec(word) ?? /^(-\w)(\d.*)$/s.exec(word) ?? []
  return flag === undefined ? [word] : [flag, value]
}

const offered = (habit: string, value: string, { command }: Typed): string | undefined => {
  if (!habit.startsWith('--')) return `: ${habit}`
  const [flag = ''] = habit.split(' ')
  const definition = command.flags[flag.slice(2)]
  if (definition === undefined) return undefined
  if (habit.endsWith(':')) return `: write ${habit}${/^\d+$/.test(value) ? value : 'PORT'}`
  if (definition.type === 'boolean') return `: write ${habit}`
  const shown = /^[\w.]{1,20}$/.test(value) ? value : placeholder(definition)
  return `: write ${habit} ${shown}`
}

const guess = (name: string, known: readonly string[], word: string, typed: Typed): string => {
  const similar = known.includes(name) ? name : mostSimilar(name, known)
  if (similar) return `: did you mean --${similar}?`
  const before = wordsIn(typed.argv.slice(0, typed.argv.indexOf(word)), typed)
  return takesCommand(typed) && before.length > 1
    ? ': if it is for COMMAND, write -- before COMMAND'
    : `; see rdv ${typed.command.id.replace(':', ' ')} --help`
}

/** The parser reports missing arguments as definitions, and surplus arguments as text. */
const wrongArguments = (args: readonly unknown[], typed: Typed): string => {
  const surplus = args.find((arg) => typeof arg === 'string')
  if (surplus !== undefined) return oneTooMany(surplus, typed)
  const missing = (args[0] as { name?: string }).name?.toUpperCase()
  return `the argument ${missing} is missing: write rdv ${usageOf(typed)}`
}

const oneTooMany = (word: string, typed: Typed): string => {
  const { id } = typed.command
  const isCommand = commandWord(typed) === word
  const offer =
    isCommand && id === 'signal'
      ? dashes(word, typed)
      : (argumentHint(id, word) ?? (isCommand && dashes(word, typed)))
  return `unexpected argument ${quoteRedacted(word)}${offer ? `: ${offer}` : `; see rdv ${id.replace(':', ' ')} --help`}`
}

const dashes = (word: string, typed: Typed): string => {
  const [first = ''] = wordsIn(typed.argv, typed)
  const [name, program] = [first, word].map((text) => /^[\w./+-]{1,60}$/.test(text) && text)
  const id = typed.command.id.replace(':', ' ')
  return `write -- before COMMAND, as in rdv ${id} ${name || 'NAME'} -- ${program || 'COMMAND'}`
}

/** The word that is probably COMMAND, if the `--` before it was forgotten. */
const commandWord = (typed: Typed): string | undefined => {
  const { argv, command } = typed
  const definitions = Object.values(command.args)
  if (!takesCommand(typed) || definitions.some(({ multiple }) => multiple)) return undefined
  if (command.id === 'signal' && !argv.includes('--hold')) return undefined
  return wordsIn(argv, typed)[definitions.length]
}

const takesCommand = ({ command }: Typed): boolean =>
  invocation.command === undefined && /-- COMMAND/.test(command.usage ?? '')

/** The words that are neither a flag nor the value of a flag. */
const wordsIn = (argv: readonly string[], { command }: Typed): string[] =>
  argv.filter((word, at) => {
    const before = /^--([\w-]+)$/.exec(argv[at - 1] ?? '')?.[1]
    const isValue = before !== undefined && command.flags[before]?.type === 'option'
    return !isValue && (word === '-' || !word.startsWith('-'))
  })

const missingFlag = ({ argv, command }: Typed): string | undefined => {
  const [name, definition] =
    Object.entries(command.flags).find(
      ([flag, { required }]) =>
        required && !argv.some((word) => word === `--${flag}` || word.startsWith(`--${flag}=`)),
    ) ?? []
  return definition && `--${name} is missing: write --${name} ${placeholder(definition)}`
}

/** Explains a wrong value in an environment variable. The parser's message names the flag instead. */
const wrongVariable = ({ argv, command }: Typed): string | undefined => {
  for (const [name, definition] of Object.entries(command.flags)) {
    const { env, options } = definition as { env?: string; options?: readonly string[] }
    const value = env && process.env[env]
    if (!value || !options || options.includes(value)) continue
    if (argv.some((word) => word.startsWith(`--${name}`))) continue
    return `${env} is ${quoteRedacted(value)}: set it to one of ${options.join(', ')}`
  }
  return undefined
}

const placeholder = (definition: object): string =>
  'helpValue' in definition && typeof definition.helpValue === 'string'
    ? definition.helpValue
    : 'VALUE'

const usageOf = ({ command: { id, usage, args } }: Typed): string => {
  if (usage !== undefined) return usage.replace(/ \[FLAGS\]/, '')
  const words = Object.entries(args).map(([name, { required, multiple }]) => {
    const word = `${name.toUpperCase()}${multiple ? '…' : ''}`
    return required ? word : `[${word}]`
  })
  return [id.replace(':', ' '), ...words].join(' ')
}

/** The first line that is not a heading. */
const reasonIn = (message: string): string => {
  const lines = message.split('\n').map((line) => line.trim())
  const line = lines.find((text) => text !== '' && !text.endsWith(':')) ?? message
  return line.replace(/^Flag /, '')
}
