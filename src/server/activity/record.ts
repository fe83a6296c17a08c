import type { ServerResponse } from 'node:http'
import type { WaitEnd, Waiter, Waiters } from '../../backends/backend.ts'
import type { Namespace } from '../../recipes/core/namespace.ts'
import type { StatusRow } from '../../recipes/status/row.ts'
import type { SharedWaits } from '../waits/shared-wait.ts'
import { Announced } from './announced.ts'
import type { Activity, Waiter as Client, ServerFacts } from './protocol.ts'
import { Signals } from './signals.ts'
import { eventText } from './viewer.ts'
import { Viewers } from './viewers.ts'
import { spanOf, type Wait } from './wait.ts'
import { LISTED, Waits } from './waits.ts'
import { WatchedStatus } from './watched-status.ts'

export interface RecordOptions {
  readonly namespace: Namespace
  readonly facts: Omit<ServerFacts, 'startedAt' | 'now'>
  /** The shared waits, which know the reasons of pending waits. */
  readonly shared: SharedWaits
  /** Called for each wait that has ended. */
  readonly ended?: (wait: Wait) => void
  /** Called with the revision up to which the server's own watch has read. */
  readonly seen?: (revision: number) => void
  /** Called with the reason when the store can no longer be followed. */
  readonly failed?: (error: unknown) => void
}

/**
 * The current activity, and the newest of the past activity. Its memory is bounded, and it costs little while there are
 * no viewers.
 */
export class ActivityRecord {
  readonly waits: Waits
  readonly #options: RecordOptions
  readonly #signals: Signals
  readonly #announced: Announced
  readonly #viewers: Viewers
  readonly #status: WatchedStatus
  readonly #connected = new Map<Waiter, string>()
  readonly #closing = new AbortController()
  readonly #startedAt = Date.now()

  constructor(options: RecordOptions) {
    this.#options = options
    this.#signals = new Signals(options.namespace, (mark) => this.#viewers.signalled(mark))
    this.waits = new Waits((...args) => this.#signals.releasing(...args), {
      begun: () => this.#viewers.begun(),
      ended: (wait) => {
        options.ended?.(wait)
        this.#viewers.ended(wait)
      },
    })
    const { namespace, shared } = options
    this.#announced = new Announced(namespace, shared, this.waits, this.#signals)
    this.#viewers = new Viewers(this.waits, {
      whole: () => eventText('activity', this.#whole(this.#status.known)),
      reasonOf: (wait) => this.#reasonOf(wait),
      unwatched: () => this.#status.stop(),
    })
    this.#status = new WatchedStatus(options.namespace, {
      changed: (rows) => this.#viewers.tell(eventText('status', rows)),
      failed: (error) => options.failed?.(error),
    })
    void this.#follow()
  }

  /** Ends all work in the background. */
  close(): void {
    this.#closing.abort(new Error('the server has stopped'))
    this.#status.stop()
  }

  /** Notes that a client is about to write these keys (full names). */
  writing(keys: readonly string[], by: Client): void {
    for (const key of keys) this.#signals.writing(key, by)
  }

  /** Records that a process waits, until the signal aborts. */
  announce(namespace: string, waiter: Waiter, signal: AbortSignal): void {
    const own = namespace === this.#options.namespace.name
    const wait = own ? this.#announced.begin(waiter) : undefined
    this.#connected.set(waiter, namespace)
    const leave = () => {
      this.#connected.delete(waiter)
      if (wait) this.#announced.end(wait)
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
  }

  /** Records how a wait ends whose process announced it by a connection. */
  conclude(namespace: string, id: string, end: WaitEnd): void {
    if (namespace === this.#options.namespace.name) this.#announced.conclude(id, end)
  }

  /** Returns the waiters that wait by a connection. Waiters that announce themselves in the store are found there. */
  waiters(namespace: string): Waiters {
    const own = namespace === this.#options.namespace.name
    const requests = own ? [...this.waits.open].filter(({ path }) => path !== undefined) : []
    const connected = [...this.#connected].filter(([, of]) => of === namespace)
    const all = [
      ...connected.slice(0, LISTED).map(([waiter]) => waiter),
      ...requests.slice(0, LISTED).map(describe),
    ]
    const waiters = all.sort((a, b) => (a.since < b.since ? -1 : 1)).slice(0, LISTED)
    return { waiters, unlisted: connected.length + requests.length - waiters.length }
  }

  /** Returns the whole activity as it is now. */
  async read(): Promise<Activity> {
    return this.#whole(await this.#status.read())
  }

  /** Sends events to a client until the signal aborts. */
  async show(response: ServerResponse, signal: AbortSignal): Promise<void> {
    await this.#status.start()
    this.#viewers.add(response, signal)
  }

  #whole(rows: readonly StatusRow[]): Activity {
    const { listed } = this.waits
    const { facts } = this.#options
    return {
      server: { ...facts, startedAt: this.#startedAt, now: Date.now() },
      status: rows,
      waits: [
        ...this.waits.ended.map((wait) => spanOf(this.waits.credit(wait))),
        ...listed.map((wait) => spanOf({ ...wait, reason: this.#reasonOf(wait) })),
      ],
      unlisted: this.waits.open.size - listed.length,
      signals: this.#signals.all,
    }
  }

  #reasonOf({ shared, detail }: Wait): string | undefined {
    return shared === undefined ? detail?.why?.() : this.#options.shared.reasonOf(shared)
  }

  async #follow(): Promise<void> {
    const { namespace, seen = () => {}, failed } = this.#options
    const { signal } = this.#closing
    const attempts = [
      this.#signals.follow(namespace.backend, seen, signal),
      this.#announced.follow(signal),
    ]
    await Promise.all(attempts).catch((error) => {
      if (!signal.aborted) failed?.(error)
    })
  }
}

const describe = ({ target, waiter, since }: Wait): Waiter => ({
  targets: [target],
  host: waiter.name ?? waiter.forwardedFor ?? waiter.client ?? '',
  since: new Date(since).toISOString(),
})
