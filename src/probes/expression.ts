import { UsageError } from '../base/errors.ts'
import { printable } from '../base/redact.ts'

/** So many steps of an expression times characters are done at once; more is watched by the clock. */
const quickWork = 1e7

/** The longest time (milliseconds) that one search may keep the process from anything else. */
const searchLimit = 1000

/** A regular expression in RE2's syntax: the time that a search takes grows no faster than the text. */
export interface Expression {
  /** Of one line, for people. */
  readonly text: string
  /**
   * Whether the text has a match. One that could be undone by what follows (`$`, `\b`) counts only where the text has ended.
   * @throws TooSlow it took too long, as an expression of very many steps may
   */
  matches(text: string, ended: boolean): boolean
}

/** A search was given up. */
export class TooSlow extends Error {}

/** @throws UsageError it is no expression, or needs what RE2 does not have. */
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

/** Ends a computation that takes too long, which nothing else could interrupt. */
const withinLimit = (search: () => boolean): boolean => {
  const vm = process.getBuiltinModule('node:vm')
  try {
    return vm.runInNewContext('search()', { search }, { timeout: searchLimit })
  } catch (error) {
    // of the other context: no Error of this one
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    throw new TooSlow('the expression takes too long', { cause: error })
  }
}
