import { UsageError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

/** A search of fewer steps, counted as the expression's size times characters, runs without a time limit. */
const quickWork = 1e7

/** The longest time, in milliseconds, for which one search may block this process. */
const searchLimit = 1000

/** A regular expression in RE2's syntax. The time of a search grows no faster than the text. */
export interface Expression {
  /** The expression on one line, for messages. */
  readonly text: string
  /**
   * Returns whether the text has a match. A match that later text could undo (`$`, `\b`) counts only if the text has
   * ended.
   * @throws TooSlow if the search takes too long, as a search for an expression of very many steps may.
   */
  matches(text: string, ended: boolean): boolean
}

/** The error of a search that was given up. */
export class TooSlow extends Error {}

/** @throws UsageError if `given` is not an expression, or needs a feature that RE2 does not have. */
export const parseExpression = async (given: string | RegExp): Promise<Expression> => {
  const { RE2JS } = await import('re2js')
  const source = typeof given === 'string' ? given : given.source
  try {
    const compiled = RE2JS.compile(typeof given === 'string' ? given : RE2JS.translateRegExp(given))
    const seesEnd = /[$]|\\[bBz]/.test(source)
    const search = (text: string, ended: boolean): boolean => {
      if (ended || !seesEnd) return compiled.test(text)
      const matcher = compiled.matcher(text)
      return matcher.find() && matcher.end() < text.length
    }
    const steps: number = compiled.programSize()
    return {
      text: printable(`/${source}/`),
      matches: (text, ended) =>
        text.length * steps < quickWork
          ? search(text, ended)
          : withinLimit(() => search(text, ended)),
    }
  } catch (error) {
    throw refusal(source, error)
  }
}

const refusal = (source: string, error: unknown): unknown => {
  const detail = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '') : ''
  const missing = /\(\?<?[=!]/.test(source)
    ? 'RE2 does not support lookahead and lookbehind'
    : /\\([1-9]|k<)/.test(source) && 'RE2 does not support backreferences'
  return new UsageError(
    `${printable(JSON.stringify(source))} is not a regular expression in RE2 syntax: ${missing || printable(detail)}`,
    { cause: error },
  )
}

/** Ends a search that takes too long. Nothing else can interrupt the search. */
const withinLimit = (search: () => boolean): boolean => {
  const vm = process.getBuiltinModule('node:vm')
  try {
    return vm.runInNewContext('search()', { search }, { timeout: searchLimit })
  } catch (error) {
    // The error belongs to the other context, so it is not an instance of this context's Error.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new TooSlow('the expression takes too long', { cause: error })
  }
}
