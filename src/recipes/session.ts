import { setImmediate as otherWork, setTimeout as sleep } from 'node:timers/promises'
import type { Backend, Lease } from '../backends/backend.ts'
import { now } from '../backends/clock.ts'
import { type Command, type ProcessIdentity, thisProcess } from '../backends/process-identity.ts'
import { backoff } from '../backoff.ts'
import { describe, LeaseGoneError, LostError, TimeoutError, UsageError } from '../errors.ts'
import { LONGEST_TIMER, type LongTimer, setLongTimeout } from '../long-timer.ts'
import { withDeadline } from './deadline.ts'
import { whenAvailable } from './retry.ts'
import { checkTtl } from './ttl.ts'

export interface SessionOptions {
  /** Milliseconds; raised to a second and to the backend's minimum. Default 15 000. */
  readonly ttl?: number | undefined
  /** Milliseconds between `expiring` and `lost`. Default: a third of the TTL, at most 5 s. */
  readonly grace?: number | undefined
  /** Bounds the opening. */
  readonly signal?: AbortSignal | undefined
}

const DEFAULT_TTL = 15_000
const LONGEST_DEFAULT_GRACE = 5_000

/** How long (milliseconds) `close` tries for a late session without a signal: its store may not answer. */
const AFTER_LOSS = 300

/** On a busy machine a shorter one could be over before its timers tell. */
const SHORTEST_TTL = 1_000

/** A renewal has at least this long, milliseconds. */
const SHORTEST_RENEWAL = 500

/** Renewals go out so many times in a TTL. */
const RENEWALS = 5

/** For timers that fire late, and clocks that do not run equally fast. */
const marginOf = (ttl: number): number => Math.min(1_000, ttl / 10)

/**
 * A lease that is kept alive by this process. Written once, above every backend's `grant`, `renew` and `revoke`.
 *
 * The lease surely lives for a TTL from when the last renewal that succeeded was *sent*, by the monotonic clock.
 * `lost` aborts before that time is over, and so before anybody else can hold what this session held, or as soon as
 * the store says that the lease is gone.
 */
export class Session {
  readonly id: string
  /** Milliseconds in force. */
  readonly ttl: number
  readonly #backend: Backend
  readonly #grace: number
  readonly #expiring = new AbortController()
  readonly #lost = new AbortController()
  readonly #closed = new AbortController()
  #timers: LongTimer[] = []
  /** When it must count as lost, monotonic milliseconds. */
  #deadline = 0
  #left: Promise<void> | undefined
  #owner: ProcessIdentity | undefined
  #lingering: AbortController | undefined
  /** Why the last renewal failed, if none has succeeded since. */
  #trouble: unknown

  private constructor(backend: Backend, lease: Lease, grantedAt: number, grace: number) {
    this.id = lease.id
    this.ttl = lease.ttl
    this.#backend = backend
    this.#grace = grace
    this.#prolong(grantedAt)
    void this.#keepAlive()
  }

  /**
   * @throws UsageError the grace is longer than half of the TTL, or the TTL longer than the backend can.
   * @throws UnavailableError the store was out of reach until the signal aborted.
   */
  static async open(backend: Backend, options: SessionOptions = {}): Promise<Session> {
    const wanted = Math.max(options.ttl ?? DEFAULT_TTL, backend.traits.minTtl, SHORTEST_TTL)
    checkTtl(wanted, backend.traits)
    const grace = options.grace ?? Math.min(wanted / 3, LONGEST_DEFAULT_GRACE)
    if (grace > wanted / 2)
      throw new UsageError('the grace is longer than half of the TTL: shorten it')
    const { signal } = options
    let sentAt = 0
    const lease = await whenAvailable({ signal }, () => {
      sentAt = now()
      return backend.grant(wanted, { signal, owner: thisProcess() })
    })
    return new Session(backend, lease, sentAt, grace)
  }

  /** Aborts when renewals have failed for so long that what is guarded must come to an end: a loss will follow. */
  get expiring(): AbortSignal {
    return this.#expiring.signal
  }

  /** Aborts when nothing that was held may be acted upon any more. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * Asks the clock too: after this process was stopped, answers may be read before the timers tell.
   * @throws LostError what the session holds may not be acted upon any more.
   */
  requireLive(): void {
    if (now() >= this.#deadline) this.#expire()
    this.lost.throwIfAborted()
  }

  /**
   * Where the backend sees deaths: the session lives on while COMMAND does, though this process were killed. Elsewhere it is
   * not even described, which takes a while.
   */
  async include(describe: () => Command): Promise<void> {
    const self = this.#backend.traits.seesDeath ? thisProcess() : undefined
    if (!self) return
    this.#owner = { ...self, command: describe() }
    const { signal } = this.#closed
    await this.#backend.renew(this.id, { signal, owner: this.#owner }).catch(() => {})
  }

  /**
   * Once it counts as lost: goes on to renew the lease, until `close`, while the store has not ended it. For who waits for
   * an end of what is guarded that has not come in time.
   */
  async linger(): Promise<void> {
    if (this.#lingering) return
    this.#lingering = new AbortController()
    const { signal } = this.#lingering
    for (const pause of backoff()) {
      try {
        await this.#sendRenewal(signal)
        await sleep(this.ttl / RENEWALS, undefined, { signal })
      } catch (error) {
        if (signal.aborted || error instanceof LeaseGoneError) return
      }
      await pause(signal)
    }
  }

  /**
   * Ends the session and removes what it holds. If the store does not answer, the TTL does that later.
   *
   * With a signal, `close` tries until the store has answered or the signal aborts. Without one it tries once, and for
   * 300 ms at most if the session is expiring or lost. Never rejects.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#left ??= this.#leave(signal)
    return this.#left
  }

  /** Declares it lost: for who sees that something it held is gone. */
  lose(reason: string): void {
    if (this.#left || this.lost.aborted) return
    this.#stop()
    this.#lost.abort(new LostError(reason))
  }

  async #leave(signal: AbortSignal | undefined): Promise<void> {
    // From now on nothing declares it expiring or lost.
    this.#clear()
    this.#lingering?.abort()
    const late = this.lost.aborted || this.expiring.aborted
    const limit = signal ?? (late ? AbortSignal.timeout(AFTER_LOSS) : undefined)
    const revoke = () => this.#backend.revoke(this.id, { signal: limit })
    const revoked = (limit ? whenAvailable({ signal: limit }, revoke) : revoke()).catch(() => {})
    // A request leaves when all that was begun before it is done: renewals end after it.
    await otherWork()
    this.#stop()
    await revoked
  }

  async #keepAlive(): Promise<void> {
    const { signal } = this.#closed
    while (!signal.aborted) {
      const pause = Math.min(this.ttl / RENEWALS, LONGEST_TIMER)
      await sleep(pause, undefined, { signal }).catch(() => {})
      if (!signal.aborted) await this.#renew(signal)
    }
  }

  /** Until it succeeds, or the time is over. */
  async #renew(signal: AbortSignal): Promise<void> {
    for (const pause of backoff()) {
      const sentAt = now()
      if (sentAt >= this.#deadline) return this.#expire()
      try {
        await this.#sendRenewal(signal)
        return this.#prolong(sentAt)
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof LeaseGoneError) return this.lose(error.message)
        this.#trouble = error
      }
      await pause(signal)
      if (signal.aborted) return
    }
  }

  /** A silent store must not use up the time of the next attempt. */
  #sendRenewal(signal: AbortSignal): Promise<unknown> {
    const timeout = Math.max(this.ttl / RENEWALS, SHORTEST_RENEWAL)
    return withDeadline({ timeout, signal }, (limit) =>
      this.#backend.renew(this.id, { signal: limit, owner: this.#owner }),
    )
  }

  #prolong(sentAt: number): void {
    if (this.#left || this.expiring.aborted) return
    this.#clear()
    this.#trouble = undefined
    this.#deadline = sentAt + this.ttl - marginOf(this.ttl)
    const left = this.#deadline - now()
    this.#timers = [
      setLongTimeout(() => this.#expiring.abort(this.#unrenewed()), left - this.#grace),
      setLongTimeout(() => this.#expire(), left),
    ]
  }

  #expire(): void {
    this.lose(this.#unrenewed().message)
  }

  #unrenewed(): LostError {
    const cause = this.#trouble
    const silent = cause === undefined || cause instanceof TimeoutError
    const why = silent ? 'the store did not answer' : describe(cause)
    return new LostError(`the session could not be renewed in time: ${why}`, { cause })
  }

  #stop(): void {
    this.#closed.abort()
    this.#clear()
  }

  #clear(): void {
    for (const timer of this.#timers) timer.clear()
  }
}
