import { CoordinationError, describe, UnavailableError } from '../../errors.ts'
import { reasonFor } from '../../reason.ts'
import { ForeignFileError } from './database.ts'

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
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

export const isBusy = (error: unknown): boolean =>
  primaryCode(error) === BUSY || primaryCode(error) === LOCKED

const UNUSABLE = 'cannot be used'

/** Of a call that we make ourselves. */
const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error

const unusable = (cause: unknown, path: string): UnavailableError =>
  new UnavailableError(`${path} ${UNUSABLE}: ${reasonFor(cause)}`, { cause, retryable: false })

/** SQLite undoes what a failed transaction wrote, so every failure means: nothing was written. */
export const translate = (error: unknown, path: string): unknown => {
  if (error instanceof CoordinationError) return error
  if (error instanceof ForeignFileError) {
    return new UnavailableError(`${path} is not a rendezvous store: ${error.message}`, {
      cause: error,
      retryable: false,
    })
  }
  const code = primaryCode(error)
  if (code === 0) return isOfSystem(error) ? unusable(error, path) : error
  if (isBusy(error))
    return new UnavailableError(`${path} is locked by another process`, { cause: error })
  const sentence = SENTENCES.get(code) ?? UNUSABLE
  return new UnavailableError(`${path} ${sentence} (${describe(error)})`, {
    cause: error,
    retryable: false,
  })
}
