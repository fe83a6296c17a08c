import { aborted } from '../../aborted.ts'
import { type CoordinationError, NoError, TimeoutError, UnavailableError } from '../../errors.ts'
import { type Limits, withDeadline } from '../deadline.ts'
import { whenAvailable } from '../retry.ts'
import { type Condition, NOT_LOOKED, type Observation } from './condition.ts'

export interface WaitOptions extends Limits {
  /** So many conditions are enough. Default: all. */
  readonly need?: number | undefined
  /** Waits until so many do not hold (of a group: until no member is accepted). */
  readonly not?: boolean | undefined
  /** Looks once instead of waiting; what does not hold is a NoError. */
  readonly once?: boolean | undefined
  /** Ends the wait with a NoError as soon as one of these holds. */
  readonly failIf?: readonly Condition[] | undefined
  /** Told of every change, for showing progress. */
  readonly progress?: ((state: Progress) => void) | undefined
}

/** What is known of each condition, in their order. */
export type Progress = readonly {
  readonly target: string
  readonly met: boolean
  readonly reason: string
}[]

/** How long (milliseconds) a store may take to answer the last question, after the deadline. */
const LAST_LOOK = 500

/**
 * Waits until all conditions, or enough of them, hold at the same time.
 * @throws NoError one has failed, a `failIf` holds, or with `once` it is not so.
 * @throws TimeoutError the deadline passed: what was pending, each with its last reason.
 * @throws UnavailableError the deadline passed, and the store of one of them was out of reach.
 */
export const waitFor = (
  conditions: readonly Condition[],
  options: WaitOptions = {},
): Promise<void> =>
  withDeadline(options, (deadline) =>
    options.once
      ? lookAtAll(conditions, options, deadline)
      : new Wait(conditions, options).run(deadline),
  )

const lookAtAll = async (
  conditions: readonly Condition[],
  options: WaitOptions,
  signal: AbortSignal,
): Promise<void> => {
  const wait = new Wait(conditions, options)
  await Promise.all(
    wait.all.map(async (condition) => {
      wait.observed(condition, await whenAvailable(signal, () => condition.look(signal)))
    }),
  )
  if (!wait.done()) throw new NoError(`it is not so: ${wait.describePending()}`)
}

class Wait {
  readonly #conditions: readonly Condition[]
  readonly #failIf: readonly Condition[]
  readonly #options: WaitOptions
  readonly #latest = new Map<Condition, Observation>()

  constructor(conditions: readonly Condition[], options: WaitOptions) {
    this.#conditions = conditions
    this.#failIf = options.failIf ?? []
    this.#options = options
  }

  get all(): Condition[] {
    return [...this.#conditions, ...this.#failIf]
  }

  async run(deadline: AbortSignal): Promise<void> {
    const stop = new AbortController()
    const stopAll = () => stop.abort(deadline.reason)
    deadline.addEventListener('abort', stopAll, { once: true })
    try {
      await Promise.race([
        this.#met(stop.signal),
        ...this.all.map((one) => this.#observe(one, stop.signal)),
      ])
    } catch (error) {
      if (error !== deadline.reason) throw error
      await this.#atDeadline(error)
    } finally {
      deadline.removeEventListener('abort', stopAll)
      stop.abort(new Error('the wait has ended'))
    }
  }

  /** @throws NoError this decides that the wait has failed. */
  observed(condition: Condition, observation: Observation): void {
    this.#latest.set(condition, observation)
    if (this.#failIf.includes(condition)) {
      if (observation.holds) throw new NoError(`${condition.target} ${observation.reason}`)
    } else if (observation.failed !== undefined) {
      throw new NoError(`${condition.target} has failed: ${observation.failed}`)
    }
    this.#options.progress?.(this.#progress())
    if (this.done()) this.#resolve()
  }

  /** Whether enough conditions are met, and none that would end the wait is left to be looked at. */
  done(): boolean {
    const met = this.#conditions.filter((condition) => this.#isMet(condition)).length
    const looked = this.#failIf.every((condition) => this.#latest.has(condition))
    return looked && met >= (this.#options.need ?? this.#conditions.length)
  }

  describePending(): string {
    return this.#pending()
      .map(({ target, reason }) => `${target} ${reason}`)
      .join('; ')
  }

  #resolve: () => void = () => {}

  #met(stop: AbortSignal): Promise<void> {
    const met = new Promise<void>((resolve) => {
      this.#resolve = resolve
    })
    return Promise.race([met, aborted(stop)])
  }

  async #observe(condition: Condition, signal: AbortSignal): Promise<never> {
    const observe = async () => {
      for await (const observation of condition.observe(signal))
        this.observed(condition, observation)
    }
    await whenAvailable(signal, observe)
    throw new Error(`${condition.target} is not observed any more`)
  }

  /** A state that arrived at the last moment still counts, and a store that is silent is told from one that says no. */
  async #atDeadline(reason: unknown): Promise<void> {
    if (!(reason instanceof TimeoutError)) throw reason
    await Promise.all(this.all.filter(({ stored }) => stored).map((one) => this.#lookAgain(one)))
    if (this.done()) return
    const unreachable = this.#unreachable()
    if (unreachable) throw unreachable
    throw new TimeoutError(`${reason.message}: ${this.describePending()}`, {
      pending: this.#pending(),
    })
  }

  async #lookAgain(condition: Condition): Promise<void> {
    const late = new UnavailableError('the store does not answer')
    try {
      await withDeadline({ timeout: LAST_LOOK }, async (signal) => {
        const observation = await Promise.race([condition.look(signal), aborted(signal)])
        this.observed(condition, observation)
      })
    } catch (error) {
      if (error instanceof NoError) throw error
      const unreachable = error instanceof UnavailableError ? error : late
      this.#latest.set(condition, { ...this.#latestOf(condition), unreachable })
    }
  }

  #isMet(condition: Condition): boolean {
    const { holds, none } = this.#latestOf(condition)
    return this.#options.not ? none : holds
  }

  #latestOf(condition: Condition): Observation {
    return this.#latest.get(condition) ?? NOT_LOOKED
  }

  #progress(): Progress {
    return this.#conditions.map((condition) => ({
      target: condition.target,
      met: this.#isMet(condition),
      reason: this.#latestOf(condition).reason,
    }))
  }

  #pending() {
    return this.#progress()
      .filter(({ met }) => !met)
      .map(({ target, reason }) => ({ target, reason }))
  }

  #unreachable(): CoordinationError | undefined {
    return this.#conditions
      .filter((condition) => !this.#isMet(condition))
      .map((condition) => this.#latestOf(condition).unreachable)
      .find((error) => error !== undefined)
  }
}
