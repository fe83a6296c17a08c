import { type ErrorKind, UsageError } from '../base/errors.ts'

interface ExitCode {
  readonly code: number
  readonly meaning: string
}

/** The exit code of each kind of failure. Users rely on these numbers, and there is no other such table. */
export const EXIT_CODES: Readonly<Record<ErrorKind, ExitCode>> = {
  no: {
    code: 1,
    meaning:
      'negative result: a target is not ready (--once) or has failed, a probe is down, or another process is the holder',
  },
  usage: { code: 2, meaning: 'usage error; nothing was done' },
  unavailable: {
    code: 120,
    meaning: 'the store is unreachable or refused the request; nothing was written',
  },
  lost: {
    code: 121,
    meaning:
      'a lock, leadership or held key was lost, and COMMAND was ended; or messages were lost',
  },
  indeterminate: {
    code: 122,
    meaning: 'a write was sent but not answered; it may or may not have been applied',
  },
  conflict: {
    code: 123,
    meaning:
      'the parameters differ from those of other processes, or the key has data of another kind',
  },
  timeout: { code: 124, meaning: 'timed out' },
  internal: { code: 125, meaning: 'internal error, or this machine cannot run rdv' },
}

/** Codes that `--exit-codes` cannot change, because shells and COMMAND define them. */
const OTHER_CODES: readonly (readonly [code: string, meaning: string])[] = [
  ['126, 127', 'COMMAND cannot be executed (126) or was not found (127)'],
  ['128+n', 'ended by signal n'],
  ['other', 'exit code of COMMAND'],
]

/** All codes with their names and meanings, for the help and the docs. */
export const exitCodeRows = (): (readonly [code: string, name: string, meaning: string])[] => [
  ['0', '', 'success'],
  ...Object.entries(EXIT_CODES).map(
    ([name, { code, meaning }]) => [String(code), name, meaning] as const,
  ),
  ...OTHER_CODES.map(([code, meaning]) => [code, '', meaning] as const),
]

/** The codes that the user has changed. */
export type ExitCodeOverrides = Partial<Record<ErrorKind, number>>

/**
 * Parses `timeout=1,unavailable=3`. `what` names the setting in messages.
 * @throws UsageError that names the part that is wrong.
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
  `"${part}" in ${what} is not NAME=CODE: write one of the names ${Object.keys(EXIT_CODES).join(', ')} and a code up to 255`
