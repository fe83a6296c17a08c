import { UsageError } from '../errors.ts'
import { redactMalformed } from '../redact.ts'
import { mostSimilar } from '../similar.ts'

/** The fields by which the parser's errors tell what was wrong, and that they are its errors. */
interface ParseFailure extends Error {
  readonly oclif: object
  readonly flags?: readonly string[]
  readonly args?: readonly unknown[]
  readonly parse?: { readonly input?: { readonly flags?: object; readonly args?: object } }
}

/** The argument parser's errors, as one sentence each; anything else as it is. */
export const translateParseError = (error: unknown): unknown => {
  if (!isParseFailure(error)) return error
  const { flags, args, parse } = error
  if (flags) return new UsageError(unknownFlag(flags, Object.keys(parse?.input?.flags ?? {})))
  if (args) return new UsageError(wrongArguments(args, Object.keys(parse?.input?.args ?? {})))
  return new UsageError(reasonIn(error.message))
}

/** Their class need not be loaded. */
const isParseFailure = (error: unknown): error is ParseFailure =>
  error instanceof Error && 'oclif' in error

const unknownFlag = (given: readonly string[], known: readonly string[]): string => {
  const flag = given[0] ?? ''
  const similar = mostSimilar(flag.replace(/^-+/, '').replace(/=.*/, ''), known)
  return `there is no flag ${flag}${similar ? `: did you mean --${similar}?` : ''}; see --help`
}

/** The parser gives the missing ones as definitions and the surplus ones as text. */
const wrongArguments = (args: readonly unknown[], known: readonly string[]): string => {
  const surplus = args.filter((arg) => typeof arg === 'string')
  if (surplus.length > 0)
    return `the argument ${JSON.stringify(redactMalformed(surplus[0] ?? ''))} is one too many; see --help`
  const missing = args.map((arg) => (arg as { name?: string }).name?.toUpperCase())
  return `the argument ${missing[0] ?? known[0]?.toUpperCase()} is missing; see --help`
}

/** The first line, or where that is a heading what stands below it. */
const reasonIn = (message: string): string => {
  const lines = message.split('\n').map((line) => line.trim())
  return lines.find((line) => line !== '' && !line.endsWith(':')) ?? message
}
