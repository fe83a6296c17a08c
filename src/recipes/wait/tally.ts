import { NoError, type Pending, type UnavailableError } from '../../base/errors.ts'
import { type Condition, type Observation, UNANSWERED } from './condition.ts'

/** What must come true. */
export interface Goal {
  /** So many conditions are enough. Default: all. */
  readonly need?: number | undefined
  /** Waits until so many do not hold (of a group: until no member is accepted). */
  readonly not?: boolean | undefined
  /** Ends the wait with a NoError as soon as one of these holds. */
  readonly failIf?: readonly Condition[] | undefined
}

/** What is known of each condition, in their order. */
export type Progress = readonly (Pending & {
  readonly met: boolean
  /** The reason is that its store cannot be asked. */
  readonly away?: boolean
})[]

/** The newest observation of each condition of a wait, and what they amount to. */
export class Tally {
  readonly #conditions: readonly Condition[]
  readonly #goal: Goal
  readonly #latest = new Map<Condition, Observation>()

  constructor(conditions: readonly Condition[], goal: Goal) {
    this.#conditions = conditions
    this.#goal = goal
  }

  /** All that must be observed. */
  get observed(): Condition[] {
    return [...this.#conditions, ...this.#failIf]
  }

  /** @throws NoError with this the wait has failed. */
  record(condition: Condition, observation: Observation): void {
    this.#latest.set(condition, observation)
    const { holds, failed, reason } = observation
    if (this.#failIf.includes(condition)) {
      if (holds) throw new NoError(`${condition.target} ${reason}`)
    } else if (failed !== undefined) {
      throw new NoError(`${condition.target} has failed: ${failed}`)
    }
  }

  /** What was known of the condition counts no more: its store cannot be asked. */
  recordUnreachable(condition: Condition, unreachable: UnavailableError): void {
    const reason = unreachable.message
    this.#latest.set(condition, { holds: false, none: false, reason, unreachable })
  }

  /** Whether enough conditions are met, and none that would end the wait is left to be looked at. */
  get done(): boolean {
    const met = this.#conditions.filter((condition) => this.#isMet(condition)).length
    const looked = this.#failIf.every((condition) => this.#latest.has(condition))
    return looked && met >= (this.#goal.need ?? this.#conditions.length)
  }

  /** Whether a store was asked and has answered. */
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

  /** What the wait still waits for: never nothing, unless it is over. `within`: how long a first check may have taken. */
  pending(within?: string): Pending[] {
    const pending = this.progress.filter(({ met }) => !met)
    return pending.map(({ target, reason }) => ({
      target,
      reason: within ? reason.replace(UNANSWERED.reason, `no answer within ${within}`) : reason,
    }))
  }

  /** Why the store of a condition that is not met cannot be asked, if so. */
  get unreachable(): UnavailableError | undefined {
    return this.#conditions
      .filter((condition) => !this.#isMet(condition))
      .map((condition) => this.#of(condition).unreachable)
      .find((error) => error !== undefined)
  }

  /** `db not signalled; deploy/ 1 of 3 ready, node2 is busy` */
  describePending(within?: string): string {
    return this.pending(within)
      .map(({ target, reason }) => `${target} ${reason}`)
      .join('; ')
  }

  /** The wait does not end before it is known that they do not hold. */
  get #unansweredFailIf(): Progress {
    return this.#failIf
      .filter((condition) => !this.#latest.has(condition))
      .map(({ target }) => ({
        target,
        reason: `${UNANSWERED.reason}, so it is unknown whether to fail`,
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
