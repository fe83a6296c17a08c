import type { UnavailableError } from '../../base/errors.ts'

/** The known state of a condition. */
export interface Observation {
  /** The condition is true. */
  readonly holds: boolean
  /**
   * No part of the condition is true. `not` waits for this. A group that is partly ready neither holds nor is `none`.
   */
  readonly none: boolean
  /** Why the condition does not hold, in a few words. */
  readonly reason: string
  /** The condition has failed and will not hold any more. The reason, in a few words. */
  readonly failed?: string | undefined
  /** The store is out of reach. */
  readonly unreachable?: UnavailableError | undefined
}

/** Something to wait for. */
export interface Condition {
  /** The target as the user wrote it, without secrets. */
  readonly target: string
  /** Whether the target is in a store. A store is asked once more at the deadline. */
  readonly stored: boolean
  /**
   * Checks once.
   * @throws UnavailableError the store is out of reach.
   */
  check(signal: AbortSignal): Promise<Observation>
  /** Yields an observation now and after every change. When the signal aborts, rejects with its reason. */
  observe(signal: AbortSignal): AsyncIterable<Observation>
}

/** The observation before the first check has ended. */
export const UNANSWERED: Observation = { holds: false, none: false, reason: 'no answer yet' }
