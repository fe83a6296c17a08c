import type { Backend, Entry, WaitEnd, Waiter } from '../../backends/backend.ts'
import { isProbeUrl } from '../../probes/open.ts'
import { type Namespace, prefixIn } from '../../recipes/core/namespace.ts'
import { follow } from '../../recipes/core/view.ts'
import { currentWaiter, parseWaiterRecord, targetsOf } from '../../recipes/wait/announcement.ts'
import type { SharedWaits } from '../waits/shared-wait.ts'
import type { Signals } from './signals.ts'
import { boundsInWords, type Outcome, type Wait } from './wait.ts'
import type { Waits } from './waits.ts'
import { type Watching, watch } from './watching.ts'

/** Milliseconds between two checks whether the processes that announced waits are alive. */
const CHECK_INTERVAL = 1_000

/**
 * Milliseconds from the end of a wait to the judgement of its outcome. The signal that released the waiter may arrive
 * later than the end.
 */
const JUDGED_AFTER = 500

/** A wait that ended within this many milliseconds of its timeout, or later, has timed out. */
const NEARLY = 500

/** A signal may have released a waiter if it came at most this many milliseconds before the waiter left. */
const LATELY = 2_000

/** A wait that its waiter announced. */
interface AnnouncedWait {
  readonly wait: Wait
  readonly waiter: Waiter
  /** The signal that makes the wait fail. */
  readonly failing: string | undefined
  /** The server's own watch of the targets, if the server can read any of them. */
  readonly watching: Watching | undefined
  /**
   * The connections that announce this wait. A process may announce its wait again before the server notices that the
   * previous connection has ended.
   */
  connections: number
  judging?: NodeJS.Timeout
}

/** Waits that processes announce, in the store or by a connection. */
export class Announced {
  readonly #namespace: Namespace
  readonly #shared: SharedWaits
  readonly #waits: Waits
  readonly #signals: Signals
  /** By the key of the announcement in the store. */
  readonly #noted = new Map<string, AnnouncedWait>()
  /** By the id that the waiter gave its wait. */
  readonly #named = new Map<string, AnnouncedWait>()
  #latest: ReadonlyMap<string, Entry> = new Map()

  constructor(namespace: Namespace, shared: SharedWaits, waits: Waits, signals: Signals) {
    this.#namespace = namespace
    this.#shared = shared
    this.#waits = waits
    this.#signals = signals
  }

  /** Follows the announcements in the store until the signal aborts. */
  async follow(signal: AbortSignal): Promise<void> {
    const check = setInterval(() => this.#compare(this.#latest), CHECK_INTERVAL)
    check.unref()
    try {
      await this.#follow(this.#namespace.backend, prefixIn(this.#namespace, 'waiter'), signal)
    } finally {
      clearInterval(check)
    }
  }

  async #follow(backend: Backend, scope: string, signal: AbortSignal): Promise<void> {
    for await (const { entries, interrupted } of follow(backend, scope, signal)) {
      if (interrupted) continue
      this.#latest = entries
      this.#compare(entries)
    }
  }

  /** Begins a wait. A waiter that announces the same wait again, after its connection broke, continues it. */
  begin(waiter: Waiter): AnnouncedWait {
    const known = this.#named.get(waiter.id ?? '')
    if (!known) return this.#begin(waiter)
    clearTimeout(known.judging)
    known.connections++
    return known
  }

  #begin(waiter: Waiter): AnnouncedWait {
    const { id, host, pid, timeout, kind, min, ready } = waiter
    const { releasing, failing } = signalsOf(waiter)
    const watching = watch(this.#namespace, this.#shared, waiter)
    const wait = this.#waits.begin({
      path: undefined,
      target: targetsOf(waiter).join(', '),
      waiter: { host, ...(pid !== undefined && { pid }) },
      signal: releasing,
      shared: watching?.name,
      detail: { ...(kind && { kind }), needs: ready ?? min, wants: boundsInWords(waiter) },
      timeout,
      since: Math.min(Date.now(), Date.parse(waiter.since) || Date.now()),
    })
    const announced = { wait, waiter, failing, watching, connections: 1 }
    if (id !== undefined) this.#named.set(id, announced)
    return announced
  }

  /** Ends a wait with the outcome that its waiter reports. */
  conclude(id: string, { outcome, reason }: WaitEnd): void {
    const announced = this.#named.get(id)
    if (announced) this.#finish(announced, outcome, reason)
  }

  /**
   * Removes a connection of a wait whose outcome was not reported. After the last one, the server has to judge the
   * outcome, because a killed process leaves in the same way as a released one.
   */
  end(announced: AnnouncedWait): void {
    announced.connections--
    if (announced.connections > 0) return
    const until = Date.now()
    announced.judging = setTimeout(() => this.#judge(announced, until), JUDGED_AFTER).unref()
  }

  #finish(announced: AnnouncedWait, outcome?: Outcome, reason?: string, until = Date.now()): void {
    const { wait, waiter, watching } = announced
    clearTimeout(announced.judging)
    this.#named.delete(waiter.id ?? '')
    watching?.stop()
    this.#waits.end(wait, outcome, reason, until)
  }

  #judge(announced: AnnouncedWait, until: number): void {
    const { outcome, reason } = this.#verdict(announced, until)
    this.#finish(announced, outcome, reason, until)
  }

  /** Judges the outcome of a wait whose waiter does not report it. */
  #verdict(
    { wait, waiter, failing, watching }: AnnouncedWait,
    until: number,
  ): { outcome?: Outcome; reason?: string } {
    const { since, timeout, signal } = wait
    const expired = timeout !== undefined && until - since > timeout - NEARLY
    // A waiter without an id is an older version of rdv, which does not report outcomes.
    if (expired && waiter.id === undefined) return { outcome: 'timeout' }
    if (watching?.found) return watching.found
    const newest = (target: string | undefined) =>
      target && this.#signals.releasing(target, Math.max(since, until - LATELY), until)
    const failed = newest(failing)
    const released = isGroup(signal) && watching ? undefined : newest(signal)
    if (failed && !(released && released.at > failed.at))
      return { outcome: 'failed', reason: `${failed.key} is ${failed.state}` }
    if (released) return { outcome: 'released' }
    if (expired) return { outcome: 'timeout' }
    // In other cases, this server does not see what may have released the waiter.
    return signal !== undefined || watching?.whole ? { outcome: 'gone' } : {}
  }

  #compare(entries: ReadonlyMap<string, Entry>): void {
    if (entries.size === 0 && this.#noted.size === 0) return
    for (const [key, wait] of this.#noted) {
      const entry = entries.get(key)
      const note = entry && parseWaiterRecord(entry)
      if (note?.end) this.#finish(wait, note.end.outcome, note.end.reason)
      if (note) continue
      this.#noted.delete(key)
      this.end(wait)
    }
    for (const [key, entry] of entries) {
      const waiter = this.#noted.has(key) ? undefined : currentWaiter(entry)
      if (waiter) this.#noted.set(key, this.begin(waiter))
    }
  }
}

const isGroup = (signal: string | undefined): boolean => signal?.endsWith('/') === true

/**
 * Returns the signals that end a wait for one target. Signals alone do not show when a wait for several targets ends.
 */
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
