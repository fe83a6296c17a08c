import { type ErrorKind, UsageError } from '../errors.ts'

interface ExitCode {
  readonly code: number
  readonly meaning: string
}

/** The exit code of each failure: part of the public contract, and the only such table. */
export const EXIT_CODES: Readonly<Record<ErrorKind, ExitCode>> = {
  no: {
    code: 1,
    meaning:
      'a definite no: --once found it not so, a probe is down, it failed, it is held by another',
  },
  usage: { code: 2, meaning: 'wrong use; nothing was done' },
  unavailable: {
    code: 120,
    meaning: 'the backend is out of reach or refused us; nothing was written',
  },
  lost: { code: 121, meaning: 'what was held, or messages, were lost; a child was stopped' },
  indeterminate: {
    code: 122,
    meaning: 'a write was sent and no answer came: it may or may not have been applied',
  },
  conflict: { code: 123, meaning: 'other parameters than the holders’, or data of another kind' },
  timeout: { code: 124, meaning: 'timed out' },
  internal: { code: 125, meaning: 'a bug, or this machine cannot run rdv' },
}

/** Codes that are not ours to choose. */
const OTHER_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['126, 127', 'COMMAND cannot be run, is not found'],
  ['128+n', 'ended by signal n'],
  ['other', 'COMMAND’s own'],
]

/** All codes with their names and meanings, for the help and the docs. */
export const exitCodeRows = (): (readonly [code: string, name: string, meaning: string])[] => [
  ['0', '', 'yes, done'],
  ...Object.entries(EXIT_CODES).map(
    ([name, { code, meaning }]) => [String(code), name, meaning] as const,
  ),
  ...OTHER_CODES.map(([code, meaning]) => [code, '', meaning] as const),
]

/** What the user wants instead, by name. */
export type ExitCodeOverrides = Partial<Record<ErrorKind, number>>

/**
 * Reads `timeout=1,unavailable=3`; `what` names where that was written.
 * @throws UsageError naming the part that is wrong.
 */
export const parseExitCodes = (text: string, what = '--exit-codes'): ExitCodeOverrides => {
  const overrides: ExitCodeOverrides = {}
  for (const part of text.split(',')) {
    const [, name, code] = /^\s*([a-z]+)=(\d{1,3})\s*$/.exec(part) ?? []
    if (!name || !isKind(name) || Number(code) > 255) throw new UsageError(wrongPart(part, what))
    overrides[name] = Number(code)
  }
  return overrides
}

const isKind = (name: string): name is ErrorKind => Object.hasOwn(EXIT_CODES, name)

const wrongPart = (part: string, what: string): string =>
  `"${part}" in ${what} is not NAME=CODE, with a name of ${Object.keys(EXIT_CODES).join(', ')} and a code up to 255`
