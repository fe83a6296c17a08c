import type { Backend, Entry, Waiter } from '../../backends/backend.ts'
import { isProbeUrl } from '../../probes/open.ts'
import { targetsOf, waiterIn } from '../../recipes/announcement.ts'
import { prefixIn, type Space } from '../../recipes/space.ts'
import { follow } from '../../recipes/view.ts'
import type { Signals } from './signals.ts'
import type { Wait } from './wait.ts'
import type { Waits } from './waits.ts'

/** How often (milliseconds) it is looked whether the processes live that have announced to wait. */
const LOOK_EVERY = 1_000

/** How long (milliseconds) after a wait is over it is judged how it ended: the signal that did it may come later. */
const JUDGED_AFTER = 500

/** A wait whose time was over but for this (milliseconds) has timed out. */
const NEARLY = 500

/** So long (milliseconds) before a waiter left a signal may have released it. */
const LATELY = 2_000

/** The waits of processes that announce themselves, in the store or by a connection. */
export class Announced {
  readonly #waits: Waits
  readonly #signals: Signals
  /** By the key that tells of it. */
  readonly #noted = new Map<string, Wait>()
  #latest: ReadonlyMap<string, Entry> = new Map()

  constructor(waits: Waits, signals: Signals) {
    this.#waits = waits
    this.#signals = signals
  }

  /** Those in the store, until the signal aborts. */
  async follow({ backend, ...space }: Space, signal: AbortSignal): Promise<void> {
    const look = setInterval(() => this.#compare(this.#latest), LOOK_EVERY)
    look.unref()
    try {
      await this.#follow(backend, prefixIn({ backend, ...space }, 'waiter'), signal)
    } finally {
      clearInterval(look)
    }
  }

  async #follow(backend: Backend, scope: string, signal: AbortSignal): Promise<void> {
    for await (const { entries, interrupted } of follow(backend, scope, signal)) {
      if (interrupted) continue
      this.#latest = entries
      this.#compare(entries)
    }
  }

  begin(waiter: Waiter): Wait {
    const targets = targetsOf(waiter)
    const [target = ''] = targets
    const signalled = targets.length === 1 && !waiter.kind && !isProbeUrl(target)
    const { host, pid, timeout } = waiter
    return this.#waits.begin({
      path: undefined,
      target: targets.join(', '),
      waiter: { host, ...(pid !== undefined && { pid }) },
      signal: signalled ? target : undefined,
      timeout,
      since: Math.min(Date.now(), Date.parse(waiter.since) || Date.now()),
    })
  }

  /** Nobody says why: a process that was killed leaves as one that was released. */
  end(wait: Wait): void {
    const until = Date.now()
    setTimeout(() => this.#judge(wait, until), JUDGED_AFTER).unref()
  }

  #judge(wait: Wait, until: number): void {
    this.#waits.end(wait, this.#outcome(wait, until), undefined, until)
  }

  /** `undefined`: what can have released it is not seen here. */
  #outcome({ since, timeout, signal }: Wait, until: number): Wait['outcome'] {
    if (timeout !== undefined && until - since > timeout - NEARLY) return 'timeout'
    if (signal === undefined) return undefined
    const lately = Math.max(since, until - LATELY)
    return this.#signals.releasing(signal, lately, until) ? 'released' : 'gone'
  }

  #compare(entries: ReadonlyMap<string, Entry>): void {
    if (entries.size === 0 && this.#noted.size === 0) return
    for (const [key, wait] of this.#noted) {
      const entry = entries.get(key)
      if (entry && waiterIn(entry)) continue
      this.#noted.delete(key)
      this.end(wait)
    }
    for (const [key, entry] of entries) {
      const waiter = this.#noted.has(key) ? undefined : waiterIn(entry)
      if (waiter) this.#noted.set(key, this.begin(waiter))
    }
  }
}
