import { UsageError } from '../errors.ts'

/**
 * A whole number from `least` on.
 * @throws UsageError for anything else.
 */
export const parseCount = (text: string, what: string, least = 0): number => {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(count) || count < least) {
    throw new UsageError(`${what} ${JSON.stringify(text)} is not a whole number from ${least} on`)
  }
  return count
}

/**
 * The words of a comma-separated list.
 * @throws UsageError one is empty.
 */
export const parseWords = (text: string, what: string): string[] => {
  const words = text.split(',')
  if (words.includes('')) throw new UsageError(`${what} ${JSON.stringify(text)} has an empty word`)
  return words
}

/** Parses what is there. */
export const optional = <T>(text: string | undefined, parse: (text: string) => T): T | undefined =>
  text === undefined ? undefined : parse(text)
