import { accessSync, constants } from 'node:fs'
import { dirname } from 'node:path'
import {
  CoordinationError,
  describe,
  IndeterminateError,
  UnavailableError,
} from '../../base/errors.ts'
import { codeOf, reasonFor } from '../../base/reason.ts'
import { ForeignFileError, NoFileError, TakenOverError } from './errors.ts'

/** SQLite's primary result codes (https://www.sqlite.org/rescode.html). */
const ERROR = 1
const BUSY = 5
const LOCKED = 6
const READ_ONLY = 8
const IO_ERROR = 10
const DAMAGED = 11
export const FULL = 13
const CANNOT_OPEN = 14
const NO_DATABASE = 26
/** Extended result codes. WRITE_FAILED also means that there is no room: a quota, or a limit on file sizes. */
const WRITE_FAILED = 778
const SYNC_FAILED = 1_034
/** The codes of a file system without locks or without shared memory. */
const LACKS = new Set([2_058, 2_314, 3_850, 5_130, 5_386])

const SENTENCES = new Map([
  [READ_ONLY, 'cannot be written'],
  [IO_ERROR, 'cannot be read or written'],
  [DAMAGED, 'is damaged'],
  [FULL, 'is on a full disk'],
  [CANNOT_OPEN, 'cannot be opened'],
  [NO_DATABASE, 'is not a SQLite file'],
])

const codeFor = (error: unknown): number => Number((error as { errcode?: number }).errcode ?? 0)

const primaryCode = (error: unknown): number => codeFor(error) & 0xff

/** The tables are missing, or are those of another program. SQLite has no separate code for that. */
export const lacksTables = (error: unknown): boolean => primaryCode(error) === ERROR

export const isBusy = (error: unknown): boolean =>
  primaryCode(error) === BUSY || primaryCode(error) === LOCKED

/** There is no room for what was to be written. */
export const isFull = (error: unknown): boolean =>
  primaryCode(error) === FULL || codeFor(error) === WRITE_FAILED

/** Whether the file cannot be written, at least for the moment, though it may be readable. */
export const isUnwritable = (error: unknown): boolean =>
  [READ_ONLY, IO_ERROR, FULL, CANNOT_OPEN].includes(primaryCode(error))

/** Whether this connection may only read. */
export const isReadOnly = (error: unknown): boolean => primaryCode(error) === READ_ONLY

const NO_ROOM = 'cannot be written: a disk quota or a limit on the size of files may be reached'
const UNUSABLE = 'cannot be used'

/** Whether the error comes from a system call that rdv made itself, not from SQLite. */
const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error

/** An error that is not worth another try. */
export const unusable = (message: string, cause?: unknown): UnavailableError =>
  new UnavailableError(message, { cause, retryable: false })

/** The system's codes for conditions that may pass: room is made, or descriptors are closed. */
const PASSING = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC'])

/** The error for a system call that rdv made itself. It is retryable if another try may succeed. */
export const refused = (message: string, cause: unknown): UnavailableError =>
  new UnavailableError(message, { cause, retryable: PASSING.has(codeOf(cause) ?? '') })

/**
 * Converts an error of SQLite or of this folder. SQLite undoes what a failed transaction wrote, so after nearly every
 * failure nothing was written. The exception: if the disk did not confirm a complete commit, the next start may find
 * it.
 */
export const translate = (error: unknown, path: string): unknown => {
  if (error instanceof CoordinationError) return error
  if (error instanceof ForeignFileError) {
    return unusable(`${path} is not a rendezvous store: ${error.message}`, error)
  }
  if (error instanceof NoFileError)
    return unusable(`${path} cannot be opened: ${error.message}`, error)
  if (error instanceof TakenOverError)
    return unusable(`${path} is in use by another machine: only one machine may use it`, error)
  const code = primaryCode(error)
  if (isOfSystem(error)) return refused(`${path} ${UNUSABLE}: ${reasonFor(error)}`, error)
  if (code === 0) return error
  if (isBusy(error))
    return new UnavailableError(`${path} is locked by another process`, { cause: error })
  const sentence = `${path} ${SENTENCES.get(code) ?? UNUSABLE}`
  if (codeFor(error) === SYNC_FAILED)
    return new IndeterminateError(`${path} was written, but the disk reported a failure`, {
      cause: error,
    })
  if (codeFor(error) === WRITE_FAILED)
    return new UnavailableError(`${path} ${NO_ROOM}`, { cause: error })
  const bar = code === CANNOT_OPEN || code === READ_ONLY ? barOf(path) : undefined
  const why = bar ? `${sentence}: ${reasonFor(bar)}` : `${sentence} (${describe(error)})`
  return new UnavailableError(why, { cause: error, retryable: !bar && mayPass(error) })
}

const mayPass = (error: unknown): boolean => isUnwritable(error) && !LACKS.has(codeFor(error))

/** The error that keeps this user from opening the file or creating those beside it. Another try does not help. */
const barOf = (path: string): unknown => {
  try {
    accessSync(dirname(path), constants.R_OK | constants.W_OK | constants.X_OK)
    accessSync(path, constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    return error
  }
}
