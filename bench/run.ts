import { counterLoops } from './counter-loops.ts'
import { failover } from './failover.ts'
import { handOver } from './hand-over.ts'
import { longQueue } from './long-queue.ts'
import { openWaits } from './open-waits.ts'
import { pipe } from './pipe.ts'
import type { Bench, Row, Subject } from './row.ts'
import { startUp } from './start-up.ts'
import { withStores } from './stores.ts'
import { topic } from './topic.ts'
import { wakeUp } from './wake-up.ts'

/** The subjects, in the order in which they are measured. */
const SUBJECTS: readonly Subject[] = [
  startUp,
  wakeUp,
  handOver,
  longQueue,
  failover,
  counterLoops,
  topic,
  pipe,
  openWaits,
]

export interface RunOptions {
  /** The names of the subjects to measure. Default: all. */
  readonly names?: readonly string[]
  readonly rounds: number
  readonly mayFetch: boolean
  /** Called with each row as soon as it is known. */
  readonly onRow: (subject: Subject, row: Row) => void
  /** Called with the reason when a row is missing. */
  readonly onNote: (text: string) => void
}

/** The result of one subject. */
export interface Result {
  readonly subject: Subject
  readonly rows: readonly Row[]
  readonly notes: readonly string[]
  /** The error that ended the measurement early. */
  readonly error?: unknown
}

/** Measures all chosen subjects, even after one of them failed. */
export const run = (options: RunOptions): Promise<Result[]> => {
  const chosen = chooseFrom(SUBJECTS, options.names ?? [])
  return withStores(async (stores) => {
    const results: Result[] = []
    for (const subject of chosen) results.push(await measure(subject, { ...options, stores }))
    return results
  })
}

const measure = async (
  subject: Subject,
  options: RunOptions & Pick<Bench, 'stores'>,
): Promise<Result> => {
  const rows: Row[] = []
  const notes: string[] = []
  const onNote = (text: string) => {
    notes.push(text)
    options.onNote(text)
  }
  try {
    for await (const row of subject.measure({ ...options, onNote })) {
      rows.push(row)
      options.onRow(subject, row)
    }
  } catch (error) {
    onNote(`This was not measured to its end: ${error instanceof Error ? error.message : error}`)
    return { subject, rows, notes, error }
  }
  return { subject, rows, notes }
}

const chooseFrom = (subjects: readonly Subject[], names: readonly string[]) => {
  const known = subjects.map(({ name }) => name)
  const strange = names.find((name) => !known.includes(name))
  if (strange !== undefined) {
    throw new RangeError(`nothing is measured as ${strange}; there are ${known.join(', ')}`)
  }
  return names.length === 0 ? subjects : subjects.filter(({ name }) => names.includes(name))
}
