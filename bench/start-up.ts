import { etcdctl, node, rdv } from './commands.ts'
import { type Command, compareProcesses } from './measure.ts'
import { type Bench, beside, milliseconds, type Row, type Subject } from './row.ts'

/** A short command as a whole process: most of it is Node's own start. */
export const startUp: Subject = {
  name: 'start-up',
  async *measure({ stores, rounds }: Bench) {
    yield* pairOf(
      { ...rdv(stores.sqlite, ['signal', 'k']), name: 'rdv signal on sqlite, whole process' },
      { ...node('0'), name: 'node -e 0' },
      rounds,
    )
    yield* pairOf(
      { ...rdv(stores.etcd, ['signal', 'k']), name: 'rdv signal on etcd, whole process' },
      etcdctl(stores.etcd, ['put', 'k', 'ready']),
      rounds,
    )
  },
}

const pairOf = (mine: Command, other: Command, rounds: number): Row[] => {
  const [a, b] = compareProcesses([mine, other], rounds)
  const control = milliseconds(other.name, b?.p50 ?? 0)
  return [control, beside(milliseconds(mine.name, a?.p50 ?? 0), control)]
}
