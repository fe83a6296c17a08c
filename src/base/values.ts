import { parseDuration } from './duration.ts'
import { UsageError } from './errors.ts'
import { parseInt64 } from './int64.ts'
import { printable } from './redact.ts'

const quoted = (text: string): string => printable(JSON.stringify(text))

/**
 * Parses an integer that is at least `least`.
 * @throws UsageError for anything else.
 */
export const parseCount = (text: string, what: string, least = 0): number => {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(count) || count < least) {
    throw new UsageError(`${what} ${quoted(text)} is not an integer of at least ${least}`)
  }
  return count
}

/**
 * Parses an integer of 64 bits, which may be negative.
 * @throws UsageError for anything else.
 */
export const parseNumber = (text: string, what: string): bigint => {
  const number = parseInt64(text)
  if (number === undefined) {
    throw new UsageError(`${what} ${quoted(text)} is not an integer of 64 bits`)
  }
  return number
}

/**
 * Splits a comma-separated list into its words.
 * @throws UsageError a word is empty.
 */
export const parseWords = (text: string, what: string): string[] => {
  const words = text.split(',')
  if (words.includes(''))
    throw new UsageError(`${what} ${quoted(text)} has an empty item: leave out the extra comma`)
  return words
}

/**
 * Returns a parser of durations that must not be 0. The parser returns milliseconds.
 * @throws UsageError (by the parser) the text is not a duration, or the duration is 0.
 */
export const parsePositiveDuration =
  (what: string) =>
  (text: string): number => {
    const length = parseDuration(text, what)
    if (length === 0) throw new UsageError(`${what} must be greater than 0`)
    return length
  }

/** Parses `text` if it is defined. */
export const optional = <T>(text: string | undefined, parse: (text: string) => T): T | undefined =>
  text === undefined ? undefined : parse(text)
