import type { UnavailableError } from '../../base/errors.ts'

/** What is known of something that is waited for. */
export interface Observation {
  /** It is so. */
  readonly holds: boolean
  /** Nothing of it is so: what `not` waits for. A group that is half ready neither holds nor is this. */
  readonly none: boolean
  /** Why it does not hold, in a few words. */
  readonly reason: string
  /** It has failed and will not come to hold: in a few words. */
  readonly failed?: string | undefined
  /** The store cannot be asked. */
  readonly unreachable?: UnavailableError | undefined
}

/** One thing that can be waited for. */
export interface Condition {
  /** As the user wrote it, without secrets. */
  readonly target: string
  /** Whether it lives in a store, which can be asked once more at the deadline. */
  readonly stored: boolean
  /**
   * Checks once.
   * @throws UnavailableError the store is out of reach.
   */
  check(signal: AbortSignal): Promise<Observation>
  /** What is found now and at every change, until the signal aborts; then rejects with its reason. */
  observe(signal: AbortSignal): AsyncIterable<Observation>
}

/** Before the first check has ended. */
export const UNANSWERED: Observation = { holds: false, none: false, reason: 'no answer yet' }
