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
   * Milliseconds. A TTL below one second or below the backend's minimum is raised. It is also raised if the store
   * answers so slowly that renewals would come too late. Default: the backend's default TTL, 15 000 or 45 000.
   */
  readonly ttl?: number | undefined
  /** Milliseconds between `expiring` and `lost`. Default: a sixth of the TTL, at most 5 s. */
  readonly grace?: number | undefined
  /** Limits the opening of the session. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Milliseconds that `close` waits without a signal. The second limit is for a session that is expiring or lost, because
 * its store may not answer.
 */
const CLOSE_LIMIT = 5_000
const CLOSE_LIMIT_AFTER_LOSS = 300

/** Milliseconds. On a busy machine, a shorter TTL could end before its timers fire. */
const MIN_TTL = 1_000

/**
 * A lease that this process keeps alive. It works with the `grant`, `renew` and `revoke` of every backend.
 *
 * The lease certainly lives for its TTL from the moment when the last successful renewal was *sent*, by the monotonic
 * clock. `lost` aborts before that time is over, and so before another session can hold what this session held. It also
 * aborts as soon as the store says that the lease is gone.
 */
export class Session {
  readonly id: string
  /** The TTL in force, in milliseconds. */
  readonly ttl: number
  readonly #backend: Backend
  readonly #times: LeaseTimes
  readonly #expiring = new AbortController()
  readonly #lost = new AbortController()
  readonly #closed = new AbortController()
  #timers: LongTimer[] = []
  /** When the session must count as lost, in monotonic milliseconds. */
  #deadline = 0
  #closing: Promise<void> | undefined
  #owner: ProcessIdentity | undefined
  #remains = false
  #lingering: AbortController | undefined
  /** The error of the last renewal, if it failed. */
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
   * Opens a session.
   * @throws UsageError the grace exceeds half of the TTL, or the TTL exceeds the backend's maximum.
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

  /** Aborts when renewals have failed for so long that the guarded work must end. The loss follows after the grace. */
  get expiring(): AbortSignal {
    return this.#expiring.signal
  }

  /** Aborts when the keys of the session may no longer be relied on. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  /**
   * Throws if the session is lost. It also reads the clock: if this process was stopped, it may read an answer before
   * the timers fire.
   * @throws LostError the keys of the session may no longer be relied on.
   */
  requireLive(): void {
    if (now() >= this.#deadline) this.#expire()
    this.lost.throwIfAborted()
  }

  /**
   * If the backend sees processes die, the session lives as long as COMMAND, even if this process is killed. On other
   * backends, `describe` is not called, because the description takes a while.
   */
  async include(describe: () => Command): Promise<void> {
    const self = this.#backend.traits.seesDeath ? thisProcess() : undefined
    if (!self) return
    this.#owner = { ...self, command: describe() }
    const { signal } = this.#closed
    await this.#backend.renew(this.id, { signal, owner: this.#owner }).catch(() => {})
  }

  /**
   * After a loss: continues to renew the lease, if the store has not ended it, until `close`. For a caller whose
   * guarded work has not ended in time.
   */
  async linger(): Promise<void> {
    if (this.#lingering) return
    this.#lingering = new AbortController()
    const { signal } = this.#lingering
    await sendRenewals(this.#times, signal, (limit) => this.#askRenewal(limit), { atOnce: true })
  }

  /**
   * Ends the session and removes its keys.
   *
   * Resolves when the store has answered or the signal has aborted. Without a signal, resolves after at most 5 s, or
   * 300 ms if the session is expiring or lost. If there is no answer until then, the attempts continue in the
   * background while the process lives and the backend is open, because a store that returns may keep the session for
   * another whole TTL. Never rejects.
   */
  close(signal?: AbortSignal): Promise<void> {
    this.#closing ??= this.#end(signal)
    return this.#closing
  }

  /**
   * After `close` has resolved: milliseconds for which the store may still keep the keys. 0 if the store has confirmed
   * the end of the session, or if the session was expiring or lost before `close`.
   */
  get remains(): number {
    return this.#remains ? this.ttl * this.#backend.traits.expiryFactor : 0
  }

  /** Declares the session lost. For a caller that has seen that a key of the session is gone. */
  lose(reason: string): void {
    if (this.#closing || this.lost.aborted) return
    this.#stop()
    this.#lost.abort(new LostError(reason))
  }

  async #end(signal: AbortSignal | undefined): Promise<void> {
    // From now on, no timer declares the session expiring or lost.
    this.#clear()
    this.#lingering?.abort()
    const late = this.lost.aborted || this.expiring.aborted
    const limit = signal ?? AbortSignal.timeout(late ? CLOSE_LIMIT_AFTER_LOSS : CLOSE_LIMIT)
    const remains = () => {
      this.#remains = !late
    }
    const revoked = retryUntilAvailable({}, () => this.#backend.revoke(this.id)).catch(remains)
    // Earlier requests leave first. Renewals stop only when the request that ends the session has left.
    await otherWork()
    this.#stop()
    const isLate = await Promise.race([revoked.then(() => false), hasAborted(limit)])
    if (!isLate) return
    remains()
    finishInBackground(revoked)
  }

  /** @throws the error of a renewal that failed. */
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

  /** Reads the answers that arrived while this process was busy or stopped. Acts only if none of them was a renewal. */
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

/** The sentence about a thing whose release the store has not confirmed. `undefined` if `remains` is 0. */
export const describeRemains = (
  what: string,
  { remains }: Pick<Session, 'remains'>,
): string | undefined =>
  remains > 0
    ? `${what} could not be released: it is released when its session expires, within ${remains / 1000} s`
    : undefined
