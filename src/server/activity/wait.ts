import type { Waiter, WaitSpan } from './protocol.ts'

export type Outcome = NonNullable<WaitSpan['outcome']>

/**
 * A wait that is going on, or has ended. There may be very many, so each is this one small object: no timer, no
 * listener, and nothing that is made before somebody asks.
 */
export interface Wait {
  readonly id: number
  /** Of a request: as it is written in the URL, with a leading slash. */
  readonly path: string | undefined
  readonly target: string
  readonly waiter: Waiter
  readonly since: number
  /** What a signal can release it as; `undefined`: it is released by something else, or more. */
  readonly signal: string | undefined
  /** Under which its reason is found while it waits. */
  readonly shared?: string | undefined
  /** Of one that was announced: milliseconds. */
  readonly timeout?: number | undefined
  /** Whether viewers know of it. */
  told: boolean
  until?: number
  outcome?: Outcome | undefined
  reason?: string | undefined
  releasedBy?: string | undefined
}

/** As it is told. */
export const spanOf = (wait: Wait): WaitSpan => ({
  id: String(wait.id),
  target: wait.target,
  waiter: wait.waiter,
  since: wait.since,
  ...(wait.until !== undefined && { until: wait.until }),
  ...(wait.outcome !== undefined && { outcome: wait.outcome }),
  ...(wait.reason !== undefined && { reason: wait.reason }),
  ...(wait.releasedBy !== undefined && { releasedBy: wait.releasedBy }),
})
