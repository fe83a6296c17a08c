import { counterLoops } from './counter-loops.ts'
import { failover } from './failover.ts'
import { handOver } from './hand-over.ts'
import { openWaits } from './open-waits.ts'
import type { Row, Subject } from './row.ts'
import { startUp } from './start-up.ts'
import { withStores } from './stores.ts'
import { topic } from './topic.ts'
import { wakeUp } from './wake-up.ts'

/** In the order in which they are measured. */
const SUBJECTS: readonly Subject[] = [
  startUp,
  wakeUp,
  handOver,
  failover,
  counterLoops,
  topic,
  openWaits,
]

export interface RunOptions {
  /** Of the subjects to measure; without any, all. */
  readonly names?: readonly string[]
  readonly rounds: number
  /** Told of each row as soon as it is known. */
  readonly onRow?: (row: Row) => void
}

/** Measures, and resolves to all rows. */
export const run = ({ names = [], rounds, onRow }: RunOptions): Promise<Row[]> => {
  const chosen = chooseFrom(SUBJECTS, names)
  return withStores(async (stores) => {
    const rows: Row[] = []
    for (const subject of chosen) {
      for await (const row of subject.measure({ stores, rounds })) {
        rows.push(row)
        onRow?.(row)
      }
    }
    return rows
  })
}

const chooseFrom = (subjects: readonly Subject[], names: readonly string[]) => {
  const known = subjects.map(({ name }) => name)
  const strange = names.find((name) => !known.includes(name))
  if (strange !== undefined) {
    throw new RangeError(`nothing is measured as ${strange}; there are ${known.join(', ')}`)
  }
  return names.length === 0 ? subjects : subjects.filter(({ name }) => names.includes(name))
}
