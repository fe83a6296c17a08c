import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { consul, etcdctl, rdv } from './commands.ts'
import { type Command, type Sample, summarize } from './measure.ts'
import { type Bench, beside, limited, milliseconds, type Row, type Subject } from './row.ts'

/** The time from the end of a lock's holder to the start of the next holder's COMMAND, while others queue. */
export const handOver: Subject = {
  name: 'hand-over',
  title: 'Hand-over of a lock',
  meaning: `The time from the end of a holder's COMMAND to the start of the next holder's COMMAND, while others wait in the queue. It includes the
end and the start of the processes. The limit: on the same etcd it takes no longer than with \`etcdctl lock\`. On Consul, it is compared
with \`consul lock\`.`,
  plots: [{ title: 'End of a COMMAND under a lock → beginning of the next', of: 'figure' }],
  async *measure({ stores, rounds }: Bench) {
    const ours = (url: string) => rdv(url, ['lock', 'hand-over', '--'])
    yield* rowsOf('sqlite', [ours(stores.sqlite)], rounds)
    yield* rowsOf('http', [ours(stores.http)], rounds)
    const theirs = etcdctl(stores.etcd, ['lock', 'hand-over', '--'])
    for await (const row of rowsOf('etcd', [ours(stores.etcd), theirs], rounds))
      yield row.ratio === undefined ? row : limited(row, 'ratio', 'most', 1)
    const others = consul(stores.consul, ['lock', '-shell=false', 'hand-over'])
    yield* rowsOf('consul', [ours(stores.consul), others], rounds)
  },
}

const rowsOf = async function* (
  store: string,
  locks: readonly [Command, ...Command[]],
  rounds: number,
): AsyncGenerator<Row> {
  const rowOf = ({ name }: Command, { p50 }: Sample) =>
    milliseconds(`hand-over of ${name} on ${store}`, p50)
  const [mine, theirs] = locks
  const [a, b] = await compareHandOvers(locks, rounds / 2)
  if (!a) return
  const row = rowOf(mine, a)
  const other = theirs && b && rowOf(theirs, b)
  if (other) yield other
  yield other ? beside(row, other) : row
}

/** The number of processes in a queue. While the first one holds the lock, the others arrive. */
const IN_LINE = 8

/** A holder's COMMAND prints its start time and its end time in microseconds, without starting a process. */
const HOLDER = ['bash', '-c', 'echo "$EPOCHREALTIME"; read -t 0.2 <> <(:); echo "$EPOCHREALTIME"']

/** Returns milliseconds. Each of `locks` runs a command under a lock. Their queues take turns. */
const compareHandOvers = async (locks: readonly Command[], rounds: number): Promise<Sample[]> => {
  const times = locks.map((): number[] => [])
  while ((times[0]?.length ?? rounds) < rounds) {
    for (const [index, lock] of locks.entries()) times[index]?.push(...(await oneLine(lock)))
  }
  return times.map(summarize)
}

const oneLine = async (lock: Command): Promise<number[]> => {
  const holders: Promise<readonly [number, number]>[] = []
  for (let i = 0; i < IN_LINE; i++) holders.push(hold(lock))
  const spans = (await Promise.all(holders)).sort(([a], [b]) => a - b)
  return spans.slice(2).map(([began], i) => (began - (spans[i + 1]?.[1] ?? 0)) / 1_000)
}

const hold = async ({ words: [file, ...words], env }: Command) => {
  const child = spawn(file, [...words, ...HOLDER], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (data) => {
    output += data
  })
  const [code] = await once(child, 'close')
  if (code !== 0) throw new Error(`${file} ended with ${code}`)
  const [began = 0, ended = 0] = output.trim().split('\n').map(toMicroseconds)
  return [began, ended] as const
}

const toMicroseconds = (time: string): number => Number(time.replace(/\D/, ''))
