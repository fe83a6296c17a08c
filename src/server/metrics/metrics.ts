import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { CommitResult, Lease } from '../../backends/backend.ts'
import { IndeterminateError, UnavailableError } from '../../base/errors.ts'
import type { Wait } from '../activity/wait.ts'

/** Values that are read when the metrics are requested. */
export interface Gauges {
  openWaits(): number
  /** `undefined`: the store cannot be read now. */
  queued(): Promise<number | undefined>
  /** `undefined`: the store cannot be read now. */
  sessions(): Promise<number | undefined>
}

/** Upper bounds of the buckets, in seconds. */
const WAITED = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 1_800]
const LAGS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5]

/** The server's metrics, in the format of Prometheus. No label ever holds a text that a client has sent. */
export class Metrics {
  readonly #registry = new Registry()
  readonly #waits: Counter<'outcome'>
  readonly #waited: Histogram
  readonly #sessions: Counter
  readonly #commits: Counter<'outcome'>
  readonly #lag: Histogram
  readonly #requests: Counter<'method' | 'route' | 'status'>

  constructor(gauges: Gauges) {
    const registers = [this.#registry]
    this.#waits = new Counter({
      name: 'rendezvous_waits_total',
      help: 'Ended waits.',
      labelNames: ['outcome'],
      registers,
    })
    this.#waited = new Histogram({
      name: 'rendezvous_wait_seconds',
      help: 'Duration of ended waits, with any outcome.',
      buckets: WAITED,
      registers,
    })
    this.#sessions = new Counter({
      name: 'rendezvous_sessions_granted_total',
      help: 'Sessions that this server has granted.',
      registers,
    })
    this.#commits = new Counter({
      name: 'rendezvous_commits_total',
      help: 'Commits that this server has sent to its store.',
      labelNames: ['outcome'],
      registers,
    })
    this.#lag = new Histogram({
      name: 'rendezvous_watch_lag_seconds',
      help: 'Time from the acknowledgement of a commit of signals to its event in the watch of this server.',
      buckets: LAGS,
      registers,
    })
    this.#requests = new Counter({
      name: 'rendezvous_http_requests_total',
      help: 'Answered requests.',
      labelNames: ['method', 'route', 'status'],
      registers,
    })
    this.#gauge(
      'rendezvous_waits_open',
      'Pending waits for signals, probes and values, and requests that wait in queues.',
      () => gauges.openWaits(),
    )
    this.#gauge(
      'rendezvous_queued',
      'Waiters of locks, elections, once and barriers in the namespace.',
      () => gauges.queued(),
    )
    this.#gauge('rendezvous_sessions_open', 'Sessions of the namespace in the store.', () =>
      gauges.sessions(),
    )
    collectDefaultMetrics({ register: this.#registry })
  }

  get contentType(): string {
    return this.#registry.contentType
  }

  read(): Promise<string> {
    return this.#registry.metrics()
  }

  waitEnded({ since, until = since, outcome }: Wait): void {
    this.#waits.inc({ outcome: outcome ?? 'unknown' })
    this.#waited.observe((until - since) / 1000)
  }

  answered(method: string, route: string, status: number): void {
    this.#requests.inc({ method, route, status })
  }

  lagged(milliseconds: number): void {
    this.#lag.observe(milliseconds / 1000)
  }

  async granting(grant: Promise<Lease>): Promise<Lease> {
    const lease = await grant
    this.#sessions.inc()
    return lease
  }

  async committing(commit: Promise<CommitResult>): Promise<CommitResult> {
    try {
      const result = await commit
      this.#commits.inc({ outcome: result.outcome })
      return result
    } catch (error) {
      this.#commits.inc({ outcome: failureOf(error) })
      throw error
    }
  }

  #gauge(name: string, help: string, read: () => number | Promise<number | undefined> | undefined) {
    new Gauge({
      name,
      help,
      registers: [this.#registry],
      async collect() {
        this.set((await read()) ?? Number.NaN)
      },
    })
  }
}

const failureOf = (error: unknown): string => {
  if (error instanceof IndeterminateError) return 'indeterminate'
  return error instanceof UnavailableError ? 'unavailable' : 'failed'
}
