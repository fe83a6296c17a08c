import type { Entry } from '../../backends/backend.ts'
import { ConflictError } from '../../base/errors.ts'
import { randomBytes } from '../../base/random.ts'

/** The number of changes that a log remembers. */
const MAX_KEPT = 256

/**
 * The newest changes of a ledger, by their ids. The maker of a change chooses its id, and writes it in the commit of
 * the change.
 */
interface ChangeLog {
  /** How many changes were made in total. */
  readonly changes: number
  /** The ids of the last changes, newest last. */
  readonly last: readonly string[]
}

export const newChangeId = (): string => randomBytes(8).toString('base64url')

/**
 * The log with one more change.
 * @throws ConflictError the value at the log's key is not a log.
 */
export const withChange = (entry: Entry | undefined, id: string): string => {
  const { changes, last } = parse(entry)
  const log: ChangeLog = { changes: changes + 1, last: [...last.slice(1 - MAX_KEPT), id] }
  return JSON.stringify(log)
}

export const hasChange = (entry: Entry | undefined, id: string): boolean =>
  parse(entry).last.includes(id)

/** Whether a log certainly contains every change that was made since the log was `before`. */
export const covers = (entry: Entry | undefined, before: Entry | undefined): boolean =>
  entry !== undefined &&
  entry.createRevision === before?.createRevision &&
  parse(entry).changes - parse(before).changes <= MAX_KEPT

const parse = (entry: Entry | undefined): ChangeLog => {
  if (!entry) return { changes: 0, last: [] }
  try {
    const log = JSON.parse(Buffer.from(entry.value).toString()) as ChangeLog
    if (Number.isSafeInteger(log.changes) && Array.isArray(log.last)) return log
  } catch {
    // The error below is thrown.
  }
  throw new ConflictError(`${entry.key} is not a log of changes: clear it, or choose another name`)
}
