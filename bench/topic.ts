import { type ChildProcess, spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { putDetached } from '../src/backends/operations.ts'
import { open } from '../src/index.ts'
import { rdv } from './commands.ts'
import { linesOf64, MESSAGE } from './lines.ts'
import { type Bench, beside, limited, perSecond, type Subject } from './row.ts'

/** The number of raw puts in one transaction. */
const IN_TRANSACTION = 100
/** The number of transactions at the same time. */
const AT_ONCE = 4

/** The number of messages per round. */
const IN_A_ROUND = 2_500

/** The limit for etcd, in messages a second. */
const FAST = 20_000

/** Messages of 64 bytes a second, from one process through the store to another. */
export const topic: Subject = {
  name: 'topic',
  title: 'Messages through a topic',
  meaning: `Lines of 64 bytes from the stdin of \`rdv publish\` to the stdout of \`rdv subscribe\`, in two processes. Every line is counted. On etcd,
they are compared with the same lines written to the same etcd as plain keys, ${IN_TRANSACTION} in a transaction, which shows the capacity of etcd. The
limit: 20,000 lines a second through etcd.`,
  plots: [{ title: 'Messages a second', of: 'figure' }],
  async *measure({ stores, rounds }: Bench) {
    const count = rounds * IN_A_ROUND
    const puts = await measureRawPuts(stores.etcd, count)
    const raw = perSecond(`raw puts on etcd, ${IN_TRANSACTION} in a transaction`, puts)
    yield raw
    for (const [name, url] of Object.entries(stores)) {
      const row = perSecond(`publish → subscribe on ${name}`, await measureTopic(url, count))
      yield name === 'etcd' ? limited(beside(row, raw), 'figure', 'least', FAST) : row
    }
  },
}

const start = (words: readonly string[], url: string): ChildProcess => {
  const { words: command, env } = rdv(url, words)
  return spawn(command[0], command.slice(1), { env: { ...process.env, ...env } })
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}`))))
  })

/** Messages a second from the stdin of `rdv publish` to the stdout of `rdv subscribe`, in two processes. */
const measureTopic = async (url: string, count: number): Promise<number> => {
  const name = `bench/${process.pid}`
  const subscriber = start(['subscribe', name, '--count', String(count)], url)
  const printed = text(subscriber.stdout as Readable)
  const done = ended(subscriber)
  await new Promise((resolve) => subscriber.stderr?.once('data', resolve))
  const publisher = start(['publish', name, '-'], url)
  const started = performance.now()
  linesOf64(count).pipe(publisher.stdin as NodeJS.WritableStream)
  await Promise.all([done, ended(publisher)])
  const time = performance.now() - started
  if ((await printed).length !== 64 * count) throw new Error('messages are missing')
  return (1_000 * count) / time
}

/**
 * Writes the same messages as plain keys from one process, many in a transaction. This shows the capacity of the store.
 */
const measureRawPuts = async (url: string, count: number): Promise<number> => {
  const { backend } = await open(url)
  let next = 0
  const write = async () => {
    while (next < count) {
      const from = next
      next += IN_TRANSACTION
      const keys = Array.from({ length: IN_TRANSACTION }, (_, i) => `bench/raw/${from + i}`)
      const writes = keys.map((key) => putDetached(key, MESSAGE))
      await backend.commit([], writes)
    }
  }
  const started = performance.now()
  await Promise.all(Array.from({ length: AT_ONCE }, write))
  const time = performance.now() - started
  await backend.close()
  return (1_000 * count) / time
}
