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
/** Extended ones. Another code than "full" also says that there is no room: a quota, or a limit on the size of files. */
const WRITE_FAILED = 778
const SYNC_FAILED = 1_034
/** Of a file system that has no locks, or no shared memory. */
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

/** The tables are not there, or are others: SQLite has no code of its own for that. */
export const lacksTables = (error: unknown): boolean => primaryCode(error) === ERROR

export const isBusy = (error: unknown): boolean =>
  primaryCode(error) === BUSY || primaryCode(error) === LOCKED

/** There is no room for what was to be written. */
export const isFull = (error: unknown): boolean =>
  primaryCode(error) === FULL || codeFor(error) === WRITE_FAILED

/** The file cannot be written, at least for the moment, though it may be readable. */
export const isUnwritable = (error: unknown): boolean =>
  [READ_ONLY, IO_ERROR, FULL, CANNOT_OPEN].includes(primaryCode(error))

/** This connection may only read. */
export const isReadOnly = (error: unknown): boolean => primaryCode(error) === READ_ONLY

const NO_ROOM = 'cannot be written: a disk quota or a limit on the size of files may be reached'
const UNUSABLE = 'cannot be used'

/** Of a call that we make ourselves. */
const isOfSystem = (error: unknown): boolean => error instanceof Error && 'syscall' in error

/** What trying again will not mend. */
export const unusable = (message: string, cause?: unknown): UnavailableError =>
  new UnavailableError(message, { cause, retryable: false })

/** The system's codes of what may pass: room is made, descriptors are closed. */
const PASSING = new Set(['EAGAIN', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC'])

/** Of a call that we make ourselves: tried again where it may then succeed. */
export const refused = (message: string, cause: unknown): UnavailableError =>
  new UnavailableError(message, { cause, retryable: PASSING.has(codeOf(cause) ?? '') })

/**
 * SQLite undoes what a failed transaction wrote, so nearly every failure means: nothing was written. Only where the disk
 * did not confirm a commit that was whole, the next start may find it.
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

/** What keeps this user from opening a file, or from making those beside it: no attempt mends that. */
const barOf = (path: string): unknown => {
  try {
    accessSync(dirname(path), constants.R_OK | constants.W_OK | constants.X_OK)
    accessSync(path, constants.R_OK | constants.W_OK)
    return undefined
  } catch (error) {
    return error
  }
}
