import { TimeoutError, UnavailableError } from '../../base/errors.ts'
import { withDeadline } from '../../recipes/core/deadline.ts'
import { retryUntilAvailable } from '../../recipes/core/retry.ts'
import { type Condition, type Observation, UNANSWERED } from '../../recipes/wait/condition.ts'
import { waitFor } from '../../recipes/wait/wait.ts'

/** Milliseconds that the store may take to answer the last question, after a waiter's time is up. */
const LAST_CHECK_LIMIT = 500

/** Milliseconds that it may take to confirm what the watch told. */
const CONFIRMATION_LIMIT = 5_000

/** The longest that a timer of Node can be. */
const MAX_TIMER = 2_147_483_647

export interface WaiterLimits {
  /** Milliseconds; 0 is no limit. */
  readonly timeout: number
  readonly signal: AbortSignal
}

/** Told once how the wait has ended, at a moment that is not before it joined. */
export interface Waiter {
  resolve(): void
  reject(error: unknown): void
}

/** One wait for all who wait for the same thing: each of them costs a promise and a timer. */
export class SharedWait {
  readonly #condition: Condition
  /** Each with the timer of its deadline. */
  readonly #waiters = new Map<Waiter, NodeJS.Timeout | undefined>()
  readonly #stop = new AbortController()
  readonly #ended: () => void
  #reason = UNANSWERED.reason
  #lastCheck: Promise<void> | undefined

  /** `ended` is called when it takes no more waiters. */
  constructor(condition: Condition, ended: () => void) {
    this.#condition = condition
    this.#ended = ended
    void this.#run()
  }

  /** Why it does not hold, as far as is known. */
  get reason(): string {
    return this.#reason
  }

  /**
   * Resolves when the condition holds, at a moment that is not before the call.
   * @throws what `waitFor` throws.
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

  /** Tells the waiter how the wait ends, unless it leaves before. `timeout`: milliseconds; 0 is no limit. */
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

  /** The waiter's time is up. */
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
        // who comes from now on could be told of a moment before
        this.#ended()
      } while (!(await this.#confirmed(signal)))
      this.#settle((waiter) => waiter.resolve())
    } catch (error) {
      this.#settle((waiter) => waiter.reject(error))
    }
  }

  /** The watch may tell of a state that had passed before the last waiter came. */
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

  /** Waiters whose time is up in the same moment look together. */
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

/** One function for all timers. */
const expire = (shared: SharedWait, waiter: Waiter, timeout: number): void => {
  void shared.expire(waiter, timeout)
}

/** The waits of a server, by what is waited for. */
export class SharedWaits {
  readonly #shared = new Map<string, SharedWait>()

  /** Why what has this name does not hold; `undefined` where nobody waits for it. */
  reasonOf(name: string): string | undefined {
    return this.#shared.get(name)?.reason
  }

  /** Waits for what has this name, together with all others who do. */
  join(name: string, condition: () => Condition, limits: WaiterLimits): Promise<void> {
    return this.of(name, condition).join(limits)
  }

  /** The wait of this name, to which somebody is to be added at once. */
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
