import { NoError, type Pending, type UnavailableError } from '../../base/errors.ts'
import { type Condition, type Observation, UNANSWERED } from './condition.ts'

/** The conditions under which a wait ends. */
export interface Goal {
  /** The number of conditions that are enough. Default: all. */
  readonly need?: number | undefined
  /** Waits until this many conditions do not hold. A group must then have no accepted member. Default: false. */
  readonly not?: boolean | undefined
  /** As soon as one of these conditions holds, the wait ends with a NoError. */
  readonly failIf?: readonly Condition[] | undefined
}

/** The state of each condition, in their order. */
export type Progress = readonly (Pending & {
  readonly met: boolean
  /** The condition is not met because its store is out of reach. */
  readonly away?: boolean
})[]

/** The newest observation of each condition of a wait, and the result of all of them. */
export class Tally {
  readonly #conditions: readonly Condition[]
  readonly #goal: Goal
  readonly #latest = new Map<Condition, Observation>()

  constructor(conditions: readonly Condition[], goal: Goal) {
    this.#conditions = conditions
    this.#goal = goal
  }

  /** All conditions to observe, including the `failIf` conditions. */
  get observed(): Condition[] {
    return [...this.#conditions, ...this.#failIf]
  }

  /** @throws NoError the observation makes the wait fail. */
  record(condition: Condition, observation: Observation): void {
    this.#latest.set(condition, observation)
    const { holds, failed, reason } = observation
    if (this.#failIf.includes(condition)) {
      if (holds) throw new NoError(`${condition.target} ${reason}`)
    } else if (failed !== undefined) {
      throw new NoError(`${condition.target} has failed: ${failed}`)
    }
  }

  /** The store of a condition is out of reach, so the previous observation does not count. */
  recordUnreachable(condition: Condition, unreachable: UnavailableError): void {
    const reason = unreachable.message
    this.#latest.set(condition, { holds: false, none: false, reason, unreachable })
  }

  /** Whether enough conditions are met, and every `failIf` condition was checked. */
  get done(): boolean {
    const met = this.#conditions.filter((condition) => this.#isMet(condition)).length
    const looked = this.#failIf.every((condition) => this.#latest.has(condition))
    return looked && met >= (this.#goal.need ?? this.#conditions.length)
  }

  /** Whether at least one store has answered. */
  get looked(): boolean {
    return this.observed.some((condition) => {
      const observation = condition.stored ? this.#latest.get(condition) : undefined
      return observation !== undefined && observation.unreachable === undefined
    })
  }

  get targets(): string[] {
    return this.#conditions.map(({ target }) => target)
  }

  get progress(): Progress {
    const awaited = this.#conditions.map((condition) => {
      const { reason, unreachable } = this.#of(condition)
      return {
        target: condition.target,
        reason,
        met: this.#isMet(condition),
        away: unreachable !== undefined,
      }
    })
    return [...awaited, ...this.#unansweredFailIf]
  }

  /**
   * The conditions that the wait still waits for: at least one, unless the wait is over. `within`: the time limit, in
   * words. The reason of a condition that has not answered then names it.
   */
  pending(within?: string): Pending[] {
    const pending = this.progress.filter(({ met }) => !met)
    return pending.map(({ target, reason }) => ({
      target,
      reason: within ? reason.replace(UNANSWERED.reason, `no answer within ${within}`) : reason,
    }))
  }

  /** The error of an unmet condition whose store is out of reach, if there is one. */
  get unreachable(): UnavailableError | undefined {
    return this.#conditions
      .filter((condition) => !this.#isMet(condition))
      .map((condition) => this.#of(condition).unreachable)
      .find((error) => error !== undefined)
  }

  /** The pending conditions in words: `db not signalled; deploy/ 1 of 3 ready, node2 is busy`. */
  describePending(within?: string): string {
    return this.pending(within)
      .map(({ target, reason }) => `${target} ${reason}`)
      .join('; ')
  }

  /** The wait does not end before the first check of each `failIf` condition. */
  get #unansweredFailIf(): Progress {
    return this.#failIf
      .filter((condition) => !this.#latest.has(condition))
      .map(({ target }) => ({
        target,
        reason: `${UNANSWERED.reason}, so it is unknown whether the wait must fail`,
        met: false,
      }))
  }

  get #failIf(): readonly Condition[] {
    return this.#goal.failIf ?? []
  }

  #isMet(condition: Condition): boolean {
    const { holds, none } = this.#of(condition)
    return this.#goal.not ? none : holds
  }

  #of(condition: Condition): Observation {
    return this.#latest.get(condition) ?? UNANSWERED
  }
}
