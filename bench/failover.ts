import { type ChildProcess, spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { open, watchCandidates } from '../src/index.ts'
import { etcdctl, rdv } from './commands.ts'
import { type Command, type Sample, summarize } from './measure.ts'
import { type Bench, beside, milliseconds, type Row, type Subject } from './row.ts'

/** The number of candidates in a queue. Each but the last one is ended while it leads. */
const IN_LINE = 4

/** Milliseconds that a candidate may need to find out for which candidate it must wait. */
const SETTLED = 300

/** In seconds. Consul accepts no shorter TTL, and keeps a session for up to twice as long. */
const TTL: Readonly<Record<string, number>> = { consul: 10 }
const SHORT_TTL = 2

/** Prints that it leads, and stays without starting another process. */
const STAY = ['bash', '-c', 'echo leading; read <> <(:)']

/** The time from TERM or KILL to a leader until the next leader's COMMAND starts. */
export const failover: Subject = {
  name: 'failover',
  title: 'Failover of an election',
  meaning: `The time from TERM to the leader to the start of the next leader's COMMAND. It includes the orderly end of the first leader.
\`etcdctl elect\` runs no COMMAND; in that comparison \`rdv elect\` only prints that it leads. After \`kill -9\`, a store can detect
the death only when the TTL of the session has passed; these rows are compared with the TTL. Consul takes up to twice the TTL. There is no
limit.`,
  plots: [
    { title: 'TERM to a leader → the next leader', of: 'figure', rows: /TERM/ },
    {
      title: 'A leader is killed → the next leader, compared with the TTL',
      of: 'ratio',
      rows: /kill -9/,
    },
  ],
  async *measure({ stores, rounds }: Bench) {
    for (const [name, url] of Object.entries(stores)) {
      const candidate = rdv(url, ['elect', ELECTION, '--', ...STAY])
      const { p50 } = await measureFailover(url, candidate, 'SIGTERM', rounds / 4)
      yield milliseconds(`elect on ${name}: TERM → next COMMAND`, p50)
    }
    const theirs = etcdctl(stores.etcd, ['elect', `rdv/election/${ELECTION}`, 'id'])
    const foreign = await measureFailover(stores.etcd, theirs, 'SIGTERM', rounds / 4)
    const other = milliseconds('etcdctl elect: TERM → next one says so', foreign.p50)
    yield other
    const ours = rdv(stores.etcd, ['elect', ELECTION])
    const plain = await measureFailover(stores.etcd, ours, 'SIGTERM', rounds / 4)
    yield beside(milliseconds('rdv elect on etcd: TERM → next one says so', plain.p50), other)
    // These rows take seconds without computation, so all stores can be measured at the same time.
    yield* await Promise.all(
      Object.entries(stores).map(([name, url]) => afterKill(name, url, rounds / 20)),
    )
  },
}

const ELECTION = `bench-${process.pid}`

const afterKill = async (name: string, url: string, rounds: number): Promise<Row> => {
  const ttl = TTL[name] ?? SHORT_TTL
  const candidate = rdv(url, ['elect', ELECTION, '--ttl', `${ttl}s`, '--', ...STAY])
  const { p50 } = await measureFailover(url, candidate, 'SIGKILL', rounds)
  const limit = milliseconds(`its TTL of ${ttl} s`, ttl * 1_000)
  return beside(milliseconds(`elect on ${name}: kill -9 → next COMMAND`, p50), limit)
}

/** Returns milliseconds. `candidate` writes to stdout once it leads. */
const measureFailover = async (
  url: string,
  candidate: Command,
  end: NodeJS.Signals,
  rounds: number,
): Promise<Sample> => {
  const times: number[] = []
  while (times.length < rounds) {
    times.push(...(await oneLine(url, candidate, end, rounds - times.length)))
  }
  return summarize(times)
}

const oneLine = async (
  url: string,
  command: Command,
  end: NodeJS.Signals,
  most: number,
): Promise<number[]> => {
  const line = Array.from({ length: IN_LINE }, () => new Candidate(command))
  try {
    return await timesOf(url, line, end, most)
  } finally {
    for (const { end } of line) end('SIGTERM')
    await queued(url, 0)
  }
}

/** Removes the candidates that were ended from `line`. */
const timesOf = async (
  url: string,
  line: Candidate[],
  end: NodeJS.Signals,
  most: number,
): Promise<number[]> => {
  const failed = Promise.race(line.map(({ fails }) => fails))
  let leader = await Promise.race([failed, ...line.map(({ leads }) => leads)])
  await Promise.race([failed, queued(url, IN_LINE)])
  const times: number[] = []
  while (line.length > 1 && times.length < most) {
    await sleep(SETTLED)
    line.splice(line.indexOf(leader.who), 1)
    const started = performance.now()
    leader.who.end(end)
    leader = await Promise.race([failed, ...line.map(({ leads }) => leads)])
    times.push(leader.at - started)
  }
  return times
}

class Candidate {
  /** Resolves with the time at which this candidate began to lead. */
  readonly leads: Promise<{ readonly who: Candidate; readonly at: number }>
  /** Rejects if the process ended by itself. */
  readonly fails: Promise<never>
  readonly #child: ChildProcess
  #told = false

  constructor({ words: [file, ...words], env }: Command) {
    this.#child = spawn(file, words, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.leads = new Promise((resolve) =>
      this.#child.stdout?.once('data', () => resolve({ who: this, at: performance.now() })),
    )
    this.fails = new Promise((_, reject) =>
      this.#child.once('exit', () => {
        if (!this.#told) reject(new Error(`${file} ended while it stood for election`))
      }),
    )
  }

  readonly end = (signal: NodeJS.Signals): void => {
    this.#told = true
    this.#child.kill(signal)
  }
}

/** Resolves once the queue has `count` candidates. */
const queued = async (url: string, count: number): Promise<void> => {
  const namespace = await open(url)
  const { signal } = new AbortController()
  for await (const candidates of watchCandidates(namespace, ELECTION, signal)) {
    if (candidates.length === count) break
  }
  await namespace.backend.close()
}
