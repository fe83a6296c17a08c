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

/** One that was announced. */
interface AnnouncedWait {
  readonly wait: Wait
  /** What a signal makes it fail as. */
  readonly failing: string | undefined
}

/** The waits of processes that announce themselves, in the store or by a connection. */
export class Announced {
  readonly #waits: Waits
  readonly #signals: Signals
  /** By the key that tells of it. */
  readonly #noted = new Map<string, AnnouncedWait>()
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

  begin(waiter: Waiter): AnnouncedWait {
    const { host, pid, timeout } = waiter
    const { releasing, failing } = signalsOf(waiter)
    const wait = this.#waits.begin({
      path: undefined,
      target: targetsOf(waiter).join(', '),
      waiter: { host, ...(pid !== undefined && { pid }) },
      signal: releasing,
      timeout,
      since: Math.min(Date.now(), Date.parse(waiter.since) || Date.now()),
    })
    return { wait, failing }
  }

  /** Nobody says why: a process that was killed leaves as one that was released. */
  end(announced: AnnouncedWait): void {
    const until = Date.now()
    setTimeout(() => this.#judge(announced, until), JUDGED_AFTER).unref()
  }

  #judge({ wait, failing }: AnnouncedWait, until: number): void {
    const { since, timeout, signal } = wait
    const newest = (target: string | undefined) =>
      target && this.#signals.releasing(target, Math.max(since, until - LATELY), until)
    const failed = newest(failing)
    const released = newest(signal)
    if (timeout !== undefined && until - since > timeout - NEARLY) {
      this.#waits.end(wait, 'timeout', undefined, until)
    } else if (failed && !(released && released.at > failed.at)) {
      this.#waits.end(wait, 'failed', `${failed.key} is ${failed.state}`, until)
    } else {
      // undefined: what can have released it is not seen here
      const outcome = signal === undefined ? undefined : released ? 'released' : 'gone'
      this.#waits.end(wait, outcome, undefined, until)
    }
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

/** Which signals end a wait for one thing; what ends several is not told from here. */
const signalsOf = (waiter: Waiter): { releasing?: string; failing?: string } => {
  const { kind, targets, states, failStates } = waiter
  const [target = ''] = targets
  if (targets.length !== 1 || kind || isProbeUrl(target)) return {}
  const [name] = target.split('=')
  const isPlain = name === target && !target.endsWith('/')
  return {
    releasing: isPlain && states ? `${name}=${states.join(',')}` : target,
    ...(failStates && { failing: `${name}=${failStates.join(',')}` }),
  }
}
