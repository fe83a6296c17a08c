import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { open } from '../src/open.ts'
import { rdv } from './commands.ts'
import { summarize } from './measure.ts'
import { type Bench, milliseconds, type Subject } from './row.ts'

/** The number of waiters, in a quick run and in a whole run. */
const LENGTHS = { quick: [10], whole: [10, 40, 200] }

/** The seconds for which the waiters are watched. */
const WATCHED = { quick: 3, whole: 30 }

/** The cost of many waiters for one lock in the embedded store, and the order in which they get it. */
export const longQueue: Subject = {
  name: 'long-queue',
  title: 'A long queue for a lock',
  meaning: `Many \`rdv lock\` wait for one lock in the embedded store. Measured are the processor time of all of them per second, and
the hand-over from each to the next. The benchmark checks that they run in the order in which they came, and that none queues again.`,
  plots: [{ title: 'Processor time of all waiters, each second', of: 'figure', rows: /processor/ }],
  async *measure({ stores, rounds }: Bench) {
    const size = rounds < 10 ? 'quick' : 'whole'
    for (const length of LENGTHS[size]) {
      const { processor, handOver } = await measureQueue(stores.sqlite, length, WATCHED[size])
      yield milliseconds(`processor time of ${length} waiting rdv lock in a second`, processor)
      yield milliseconds(`hand-over in a queue of ${length}`, handOver)
    }
  },
}

/** The number of processes that are started at once. A machine with few cores can start so many without swapping. */
const STARTING = 8

interface Queue {
  /** Processor time of all waiters, in milliseconds per second. */
  readonly processor: number
  /** The median, in milliseconds. */
  readonly handOver: number
}

const measureQueue = async (url: string, length: number, seconds: number): Promise<Queue> => {
  const name = `queue-${length}`
  const { backend } = await open(url)
  const members = async () =>
    (await backend.list(`rdv/lock/${name}/`)).entries.map(({ createRevision }) => createRevision)
  const untilLong = async (many: number) => {
    while ((await members()).length < many) await sleep(20)
  }
  const holder = new Member(url, ['lock', name, '--', 'cat'])
  await untilLong(1)
  const waiters: Member[] = []
  while (waiters.length < length) {
    for (let i = 0; i < STARTING && waiters.length < length; i++)
      waiters.push(new Member(url, ['lock', name, '--', ...COMMAND]))
    await untilLong(waiters.length + 1)
  }
  const tokens = (await members()).sort((a, b) => a - b).slice(1)
  await backend.close()
  const before = processorTime(waiters)
  await sleep(seconds * 1_000)
  const processor = (processorTime(waiters) - before) / seconds
  holder.child.stdin?.end()
  const turns = await Promise.all(waiters.map((waiter) => waiter.turn()))
  return { processor, handOver: judge(turns, tokens) }
}

/** Prints the fencing token, and the start and the end in microseconds. */
const COMMAND = ['bash', '-c', 'echo "$RDV_FENCING_TOKEN $EPOCHREALTIME $EPOCHREALTIME"']

interface Turn {
  readonly token: number
  readonly began: number
  readonly ended: number
}

class Member {
  readonly child: ChildProcess
  readonly #ended: Promise<unknown[]>
  readonly #output = { stdout: '', stderr: '' }

  constructor(url: string, words: readonly string[]) {
    const { words: all, env } = rdv(url, words)
    const [file, ...args] = all
    this.child = spawn(file, args, { env: { ...process.env, ...env } })
    for (const name of ['stdout', 'stderr'] as const) {
      this.child[name]?.on('data', (data) => {
        this.#output[name] += data
      })
    }
    this.#ended = once(this.child, 'close')
  }

  async turn(): Promise<Turn> {
    await this.#ended
    const { stdout, stderr } = this.#output
    if (stderr.includes('queueing again')) throw new Error(`it had to queue again: ${stderr}`)
    const [token = '', began = '', ended = ''] = stdout.trim().split(' ')
    return { token: Number(token), began: microseconds(began), ended: microseconds(ended) }
  }
}

const microseconds = (time: string): number => Number(time.replace('.', ''))

/** Checks the order, and returns the median hand-over in milliseconds. */
const judge = (turns: readonly Turn[], tokens: readonly number[]): number => {
  const inOrder = [...turns].sort((a, b) => a.began - b.began)
  if (inOrder.some(({ token }, i) => token !== tokens[i]))
    throw new Error('they did not run in the order in which they came')
  const pauses = inOrder.slice(1).map(({ began }, i) => (began - (inOrder[i]?.ended ?? 0)) / 1_000)
  return summarize(pauses).p50
}

/** A clock tick in milliseconds: a hundredth of a second on every Linux. */
const TICK = 10

/** The processor time of several processes together, in milliseconds. */
const processorTime = (members: readonly Member[]): number =>
  members
    .map(({ child }) => readFileSync(`/proc/${child.pid}/stat`, 'latin1'))
    .map((stat) => stat.slice(stat.lastIndexOf(')') + 2).split(' '))
    .reduce((sum, fields) => sum + (Number(fields[11]) + Number(fields[12])) * TICK, 0)
