import { TimeoutError, UnavailableError } from '../../base/errors.ts'
import { withDeadline } from '../../recipes/core/deadline.ts'
import { retryUntilAvailable } from '../../recipes/core/retry.ts'
import { type Condition, type Observation, UNANSWERED } from '../../recipes/wait/condition.ts'
import { waitFor } from '../../recipes/wait/wait.ts'

/** Milliseconds for the last read of the store, after the time limit of a waiter. */
const LAST_CHECK_LIMIT = 500

/** Milliseconds for the read of the store that confirms a report of the watch. */
const CONFIRMATION_LIMIT = 5_000

/** The longest delay that a timer of Node accepts, in milliseconds. */
const MAX_TIMER = 2_147_483_647

export interface WaiterLimits {
  /** Milliseconds; 0 means no limit. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** Called once when the wait has ended. A result is from a moment that is not before the waiter joined. */
export interface Waiter {
  resolve(): void
  reject(error: unknown): void
}

/** One wait for all waiters with the same condition. Each of them costs a promise and a timer. */
export class SharedWait {
  readonly #condition: Condition
  /** The waiters, each with the timer of its time limit. */
  readonly #waiters = new Map<Waiter, NodeJS.Timeout | undefined>()
  readonly #stop = new AbortController()
  readonly #ended: () => void
  #reason = UNANSWERED.reason
  #lastCheck: Promise<void> | undefined

  /** `ended` is called when the wait takes no more waiters. */
  constructor(condition: Condition, ended: () => void) {
    this.#condition = condition
    this.#ended = ended
    void this.#run()
  }

  /** The reason why the condition is not true, as far as it is known. */
  get reason(): string {
    return this.#reason
  }

  /**
   * Resolves when the condition is true, at a moment that is not before the call.
   * @throws the errors of `waitFor`.
   */
  async join({ timeout, signal }: WaiterLimits): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter = { resolve, reject }
    const cancel = () => reject(signal.reason)
    signal.addEventListener('abort', cancel, { once: true })
    this.add(waiter, timeout)
    if (signal.aborted) cancel()
    try {
      await promise
    } finally {
      signal.removeEventListener('abort', cancel)
      this.leave(waiter)
    }
  }

  /**
   * Adds a waiter, which is called when the wait ends, unless it leaves before. `timeout` is in milliseconds; 0 means
   * no limit.
   */
  add(waiter: Waiter, timeout: number): void {
    const timer =
      timeout > 0
        ? setTimeout(expire, Math.min(timeout, MAX_TIMER), this, waiter, timeout)
        : undefined
    this.#waiters.set(waiter, timer)
  }

  leave(waiter: Waiter): void {
    clearTimeout(this.#waiters.get(waiter))
    if (!this.#waiters.delete(waiter) || this.#waiters.size > 0) return
    this.#ended()
    this.#stop.abort()
  }

  /** Ends a waiter whose time limit is over, after a last check. */
  async expire(waiter: Waiter, timeout: number): Promise<void> {
    try {
      await this.#checkAgain(timeout)
      waiter.resolve()
    } catch (error) {
      waiter.reject(error)
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    const progress = ([state]: readonly { readonly reason: string }[]) => {
      this.#reason = state?.reason ?? ''
    }
    try {
      do {
        await waitFor([this.#condition], { signal, progress })
        // A waiter that joins from now on could get a result from before it joined.
        this.#ended()
      } while (!(await this.#confirmed(signal)))
      this.#settle((waiter) => waiter.resolve())
    } catch (error) {
      this.#settle((waiter) => waiter.reject(error))
    }
  }

  /**
   * Confirms a report of the watch by a read. The watch may report a state that ended before the last waiter joined.
   */
  async #confirmed(signal: AbortSignal): Promise<boolean> {
    if (!this.#condition.stored) return true
    try {
      return (await this.#check(CONFIRMATION_LIMIT, signal)).holds
    } catch (error) {
      if (error instanceof UnavailableError && error.retryable) return false
      throw error
    }
  }

  #settle(how: (waiter: Waiter) => void): void {
    this.#ended()
    for (const waiter of [...this.#waiters.keys()]) how(waiter)
  }

  /** Waiters whose time limits end at the same moment share one check. */
  #checkAgain(timeout: number): Promise<void> {
    if (this.#lastCheck) return this.#lastCheck
    setImmediate(() => {
      this.#lastCheck = undefined
    })
    this.#lastCheck = this.#atDeadline(timeout)
    return this.#lastCheck
  }

  async #atDeadline(timeout: number): Promise<void> {
    const { target, stored } = this.#condition
    const late = stored ? await this.#check(LAST_CHECK_LIMIT) : undefined
    if (late?.holds) return
    const pending = [{ target, reason: late?.reason ?? this.#reason }]
    throw new TimeoutError(`timed out after ${timeout / 1000} s`, { pending })
  }

  #check(timeout: number, signal?: AbortSignal): Promise<Observation> {
    return withDeadline({ timeout, signal }, (deadline) =>
      retryUntilAvailable({ signal: deadline }, () => this.#condition.check(deadline)),
    )
  }
}

/** One function serves all timers. */
const expire = (shared: SharedWait, waiter: Waiter, timeout: number): void => {
  void shared.expire(waiter, timeout)
}

/** The shared waits of a server, by name. */
export class SharedWaits {
  readonly #shared = new Map<string, SharedWait>()

  /** Returns why the condition of this name is not true, or `undefined` if it has no waiters. */
  reasonOf(name: string): string | undefined {
    return this.#shared.get(name)?.reason
  }

  /** Waits for the condition of this name, together with all other waiters for it. */
  join(name: string, condition: () => Condition, limits: WaiterLimits): Promise<void> {
    return this.of(name, condition).join(limits)
  }

  /** Returns the wait of this name. The caller must add a waiter at once. */
  of(name: string, condition: () => Condition): SharedWait {
    const running = this.#shared.get(name)
    if (running) return running
    const shared: SharedWait = new SharedWait(condition(), () => {
      if (this.#shared.get(name) === shared) this.#shared.delete(name)
    })
    this.#shared.set(name, shared)
    return shared
  }
}
