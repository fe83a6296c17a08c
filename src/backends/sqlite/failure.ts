import { CoordinationError, describe, UnavailableError } from '../../errors.ts'
import { reasonFor } from '../../reason.ts'
import { ForeignFileError, NoFileError } from './database.ts'

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const ERROR = 1
const BUSY = 5
const LOCKED = 6
const SENTENCES = new Map([
  [8, 'cannot be written'],
  [10, 'cannot be read or written'],
  [11, 'is damaged'],
  [13, 'is on a full disk'],
  [14, 'cannot be opened'],
  [26, 'is not a SQLite file'],
])

const primaryCode = (error: unknown): number =>
  Number((error as { errcode?: number }).errcode ?? 0) & 0xff

/** The tables are not there, or are others: SQLite has no code of its own for that. */
export const lacksTables = (error: unknown): boolean => primaryCode(error) === ERROR

export const isBusy = (error: unknown): boolean =>
  primaryCode(error) === BUSY || primaryCode(error) === LOCKED

const UNUSABLE = 'cannot be used'

/** Of a call that we make ourselves. */
const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error

/** What trying again will not mend. */
export const unusable = (message: string, cause?: unknown): UnavailableError =>
  new UnavailableError(message, { cause, retryable: false })

/** SQLite undoes what a failed transaction wrote, so every failure means: nothing was written. */
export const translate = (error: unknown, path: string): unknown => {
  if (error instanceof CoordinationError) return error
  if (error instanceof ForeignFileError) {
    return unusable(`${path} is not a rendezvous store: ${error.message}`, error)
  }
  if (error instanceof NoFileError)
    return unusable(`${path} cannot be opened: ${error.message}`, error)
  const code = primaryCode(error)
  if (isOfSystem(error)) return unusable(`${path} ${UNUSABLE}: ${reasonFor(error)}`, error)
  if (code === 0) return error
  if (isBusy(error))
    return new UnavailableError(`${path} is locked by another process`, { cause: error })
  const sentence = SENTENCES.get(code) ?? UNUSABLE
  return unusable(`${path} ${sentence} (${describe(error)})`, error)
}
