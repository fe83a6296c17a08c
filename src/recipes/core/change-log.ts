import type { Entry } from '../../backends/backend.ts'
import { ConflictError } from '../../base/errors.ts'
import { randomBytes } from '../../base/random.ts'

/** So many changes are remembered. */
const MAX_KEPT = 256

/** The newest changes of a ledger, by the ids that their makers gave them: written in the same commit as the change. */
interface ChangeLog {
  /** How many there have been. */
  readonly changes: number
  /** The ids of the last ones, newest last. */
  readonly last: readonly string[]
}

export const newChangeId = (): string => randomBytes(8).toString('base64url')

/**
 * The log as it is with one change more.
 * @throws ConflictError something else is at its key.
 */
export const withChange = (entry: Entry | undefined, id: string): string => {
  const { changes, last } = parse(entry)
  const log: ChangeLog = { changes: changes + 1, last: [...last.slice(1 - MAX_KEPT), id] }
  return JSON.stringify(log)
}

export const hasChange = (entry: Entry | undefined, id: string): boolean =>
  parse(entry).last.includes(id)

/** Whether a log surely names all changes since it was what it was `before`. */
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
    // Refused below.
  }
  throw new ConflictError(`${entry.key} is not a log of changes: clear it`)
}
