import { setImmediate as otherWork } from 'node:timers/promises'
import type { Backend, Lease } from '../../backends/backend.ts'
import { type Command, type ProcessIdentity, thisProcess } from '../../backends/process-identity.ts'
import { onAbort } from '../../base/abort.ts'
import { now } from '../../base/clock.ts'
import { describe, LeaseGoneError, LostError, TimeoutError, UsageError } from '../../base/errors.ts'
import { type LongTimer, setLongTimeout } from '../../base/long-timer.ts'
import { finishInBackground } from './background-work.ts'
import { canBeRenewed, type LeaseTimes, leaseTimes } from './lease-time.ts'
import { sendRenewals } from './renewals.ts'
import { retryUntilAvailable } from './retry.ts'
import { checkTtl } from './ttl.ts'

export interface SessionOptions {
  /**
   * Milliseconds; raised to a second, to the backend's minimum, and while the store takes longer to answer than a session can
   * wait. Default: the backend's, 15 000 or 45 000.
   */
  readonly ttl?: number | undefined
  /** Milliseconds between `expiring` and `lost`. Default: a sixth of the TTL, at most 5 s. */
  readonly grace?: number | undefined
  /** Bounds the opening. */
  readonly signal?: AbortSignal | undefined
}

/** How long (milliseconds) `close` waits without a signal, and if the session is late: its store may not answer. */
const CLOSE_LIMIT = 5_000
const CLOSE_LIMIT_AFTER_LOSS = 300

/** On a busy machine a shorter one could be over before its timers tell. */
const MIN_TTL = 1_000

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
  readonly #times: LeaseTimes
  readonly #expiring = new AbortController()
  readonly #lost = new AbortController()
  readonly #closed = new AbortController()
  #timers: LongTimer[] = []
  /** When it must count as lost, monotonic milliseconds. */
  #deadline = 0
  #closing: Promise<void> | undefined
  #owner: ProcessIdentity | undefined
  #remains = false
  #lingering: AbortController | undefined
  /** Why the last renewal failed, if none has succeeded since. */
  #renewalFailure: unknown

  private constructor(backend: Backend, lease: Lease, grantedAt: number, grace?: number) {
    this.id = lease.id
    this.ttl = lease.ttl
    this.#backend = backend
    this.#times = leaseTimes(lease.ttl, backend.traits, grace)
    this.#prolong(grantedAt)
    void sendRenewals(this.#times, this.#closed.signal, (limit) => this.#renew(limit))
  }

  /**
   * @throws UsageError the grace is longer than half of the TTL, or the TTL longer than the backend can.
   * @throws UnavailableError the store was out of reach until the signal aborted.
   */
  static async open(backend: Backend, options: SessionOptions = {}): Promise<Session> {
    const { traits } = backend
    const wanted = Math.max(options.ttl ?? traits.defaultTtl, traits.minTtl, MIN_TTL)
    checkTtl(wanted, traits)
    const { grace, signal } = options
    if (grace !== undefined && grace > wanted / 2)
      throw new UsageError('the grace is longer than half of the TTL: shorten it')
    for (let ttl = wanted; ; ttl = Math.min(2 * ttl, traits.maxTtl)) {
      let sentAt = 0
      const lease = await retryUntilAvailable({ signal }, () => {
        sentAt = now()
        return backend.grant(ttl, { signal, owner: thisProcess() })
      })
      const session = new Session(backend, lease, sentAt, grace)
      if (canBeRenewed(session.#times, now() - sentAt)) return session
      void session.close()
    }
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
   * Once it counts as lost: goes on to renew the lease, until `close`, while the store has not ended it. For one who waits
   * for an end of what is guarded that has not come in time.
   */
  async linger(): Promise<void> {
    if (this.#lingering) return
    this.#lingering = new AbortController()
    const { signal } = this.#lingering
    await sendRenewals(this.#times, signal, (limit) => this.#askRenewal(limit), { atOnce: true })
  }

  /**
   * Ends the session and removes what it holds.
   *
   * `close` resolves when the store has answered or the signal has aborted; without one, after 5 s at most, and after
   * 300 ms if the session is expiring or lost. Where there is no answer until then it is tried beside, for as long as the
   * process lives and the backend is open: a store that comes back may keep a session for another whole TTL. Never rejects.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#end(signal)
    return this.#closing
  }

  /**
   * Once `close` has resolved: for so many milliseconds at most the store keeps what the session held, as it did not
   * say that it is gone; 0 where it did.
   */
  get remains(): number {
    return this.#remains ? this.ttl * this.#backend.traits.expiryFactor : 0
  }

  /** Declares it lost: for who sees that something it held is gone. */
  lose(reason: string): void {
    if (this.#closing || this.lost.aborted) return
    this.#stop()
    this.#lost.abort(new LostError(reason))
  }

  async #end(signal: AbortSignal | undefined): Promise<void> {
    // From now on nothing declares it expiring or lost.
    this.#clear()
    this.#lingering?.abort()
    const late = this.lost.aborted || this.expiring.aborted
    const limit = signal ?? AbortSignal.timeout(late ? CLOSE_LIMIT_AFTER_LOSS : CLOSE_LIMIT)
    const remains = () => {
      this.#remains = !late
    }
    const revoked = retryUntilAvailable({}, () => this.#backend.revoke(this.id)).catch(remains)
    // A request leaves when all that was begun before it is done: renewals end after it.
    await otherWork()
    this.#stop()
    const isLate = await Promise.race([revoked.then(() => false), hasAborted(limit)])
    if (!isLate) return
    remains()
    finishInBackground(revoked)
  }

  /** @throws what kept it from being renewed. */
  async #renew(limit: AbortSignal): Promise<void> {
    const sentAt = now()
    if (sentAt >= this.#deadline) return this.#expire()
    try {
      await this.#askRenewal(limit)
    } catch (error) {
      if (error instanceof LeaseGoneError) this.lose(error.message)
      if (!this.#closed.signal.aborted) this.#renewalFailure = error
      throw error
    }
    this.#prolong(sentAt)
  }

  #askRenewal(limit: AbortSignal): Promise<unknown> {
    return this.#backend.renew(this.id, { signal: limit, owner: this.#owner })
  }

  #prolong(sentAt: number): void {
    const { margin, grace } = this.#times
    const deadline = sentAt + this.ttl - margin
    if (this.#closing || this.expiring.aborted || deadline <= this.#deadline) return
    this.#clear()
    this.#renewalFailure = undefined
    this.#deadline = deadline
    const closing = deadline - now()
    this.#timers = [
      setLongTimeout(() => this.#judge(deadline, () => this.#warn()), closing - grace),
      setLongTimeout(() => this.#judge(deadline, () => this.#expire()), closing),
    ]
  }

  /** Answers that arrived while this process had no time for them, or did not run, are read before it is too late. */
  async #judge(deadline: number, act: () => void): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await otherWork()
    if (deadline === this.#deadline && !this.#closed.signal.aborted) act()
  }

  #warn(): void {
    this.#expiring.abort(this.#unrenewed())
  }

  #expire(): void {
    this.lose(this.#unrenewed().message)
  }

  #unrenewed(): LostError {
    const cause = this.#renewalFailure
    const silent = cause === undefined || cause instanceof TimeoutError
    const { answerLimit } = this.#times
    const limit = `within ${Math.floor(answerLimit / 100) / 10} s, the limit for a TTL of ${this.ttl / 1_000} s`
    const why = silent ? `the store did not answer ${limit}` : describe(cause)
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

const hasAborted = (signal: AbortSignal): Promise<true> =>
  new Promise((resolve) => onAbort(signal, () => resolve(true)))

/** What to tell of a thing that was given up while the store did not answer, or refused; nothing where it did it. */
export const describeRemains = (
  what: string,
  { remains }: Pick<Session, 'remains'>,
): string | undefined =>
  remains > 0
    ? `${what} could not be released: it is released when its session expires, within ${remains / 1000} s`
    : undefined
