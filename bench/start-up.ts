import { dirname, join } from 'node:path'
import { consul, etcdctl, node } from './commands.ts'
import { findStandalone, type Installation, npm, provideUncached } from './installations.ts'
import { type Command, compareProcesses } from './measure.ts'
import { type Bench, beside, limited, milliseconds, type Row, type Subject } from './row.ts'
import { shellLoop, waitOn } from './wait-on.ts'

/** A short command of rdv. `atMost` limits its ratio to the control, by installation. */
interface Contestant {
  readonly name: string
  readonly url?: string
  readonly words: readonly string[]
  readonly atMost?: Readonly<Record<string, number>>
}

/** Commands that are run in turn. */
interface Group {
  readonly control: Command
  readonly contestants: readonly Contestant[]
  readonly uncached?: boolean
}

/** The time of a short command as a whole process. Most of it is Node's own start. */
export const startUp: Subject = {
  name: 'start-up',
  title: 'Start-up: one short command as a whole process',
  meaning: `In a script, every call is a new process. Each command runs alone from its start to its end, in turn with the command that it is
compared with. *npm* is the package, run by Node, with compiled code in its cache. *npm, no cache* is a copy of the package that cannot
write a cache. *standalone* is the executable, which needs no Node. sqlite is the default backend.

Limits: \`rdv signal\` on the default backend takes at most 1.2 times as long as an empty Node program, and 1.6 times without its cache. A
short command on etcd takes at most 3 times as long as \`etcdctl\`. The executable takes no longer than an empty Node program, or than
\`etcdctl\` for the same operation. \`flock\` only asks the kernel of one machine; it is shown for scale.`,
  plots: [{ title: 'Short commands beside others', of: 'ratio' }],
  async *measure(bench: Bench) {
    const installed = [npm, ...standaloneIn(bench)]
    const uncached = await provideUncached()
    for (const group of groupsIn(bench)) {
      const ways = group.uncached ? [...installed, uncached] : installed
      yield* rowsOf(group, ways, bench.rounds)
    }
  },
}

const standaloneIn = ({ onNote }: Bench): Installation[] => {
  const standalone = findStandalone()
  if (standalone) return [standalone]
  onNote('There are no rows for the standalone executable: `npm run standalone` builds it.')
  return []
}

const groupsIn = ({ stores, mayFetch, onNote }: Bench): Group[] => {
  const { sqlite, etcd, consul: consulUrl } = stores
  const address = etcd.replace('etcd://', '')
  const fetched = waitOn(address, mayFetch)
  if (!fetched) onNote('npm’s `wait-on` is not there: a loop of bash stands in its place.')
  const onNode = { npm: 1.2, 'npm, no cache': 1.6, standalone: 1 }
  const onEtcd = { npm: 3, standalone: 1 }
  const file = join(dirname(sqlite.replace('sqlite://', '')), 'flock')
  return [
    {
      control: { ...node('0'), name: 'node -e 0' },
      contestants: [
        { name: 'signal on sqlite', url: sqlite, words: ['signal', 'k'], atMost: onNode },
        { name: 'get on sqlite', url: sqlite, words: ['get', 'k'], atMost: { standalone: 1 } },
      ],
      uncached: true,
    },
    {
      control: etcdctl(etcd, ['put', 'k', 'ready']),
      contestants: [
        { name: 'signal on etcd', url: etcd, words: ['signal', 'k'], atMost: onEtcd },
        {
          name: 'counter inc on etcd',
          url: etcd,
          words: ['counter', 'inc', 'k'],
          atMost: { npm: 3 },
        },
      ],
    },
    {
      control: etcdctl(etcd, ['get', 'k']),
      contestants: [{ name: 'get on etcd', url: etcd, words: ['get', 'k'], atMost: onEtcd }],
    },
    {
      control: { ...consul(consulUrl, ['kv', 'put', 'k', 'ready']), name: 'consul kv put' },
      contestants: [{ name: 'signal on consul', url: consulUrl, words: ['signal', 'k'] }],
    },
    {
      control: { name: 'flock FILE true', words: ['flock', file, 'true'] },
      contestants: [
        { name: 'lock L -- true on sqlite', url: sqlite, words: ['lock', 'L', '--', 'true'] },
      ],
    },
    {
      control: fetched ?? shellLoop(address),
      contestants: [{ name: 'wait tcp://…, open', words: ['wait', `tcp://${address}`] }],
    },
  ]
}

const rowsOf = (group: Group, ways: readonly Installation[], rounds: number): Row[] => {
  const { control, contestants } = group
  const entries = contestants.flatMap((one) => ways.map((way) => ({ one, way })))
  const commands = entries.map(({ one, way }) => way.command(one.url, one.words))
  const [first, ...samples] = compareProcesses([control, ...commands], rounds)
  const other = milliseconds(control.name, first?.p50 ?? 0)
  const rows = entries.map(({ one, way }, index) => {
    const name = `rdv ${one.name} (${way.name})`
    const row = beside(milliseconds(name, samples[index]?.p50 ?? 0), other)
    const most = one.atMost?.[way.name]
    return most === undefined ? row : limited(row, 'ratio', 'most', most)
  })
  return [other, ...rows]
}
