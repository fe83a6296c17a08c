import type { Waiter, WaitSpan } from './protocol.ts'

export type Outcome = NonNullable<WaitSpan['outcome']>

/**
 * A pending or ended wait. There may be very many, so each wait is only this one small object: no timer, no listener,
 * and nothing that is made before it is needed.
 */
export interface Wait {
  readonly id: number
  /** For a request: the path as the URL has it, with a leading slash. */
  readonly path: string | undefined
  readonly target: string
  readonly waiter: Waiter
  readonly since: number
  /** The signal that can release it. `undefined`: something else releases it, or several things. */
  readonly signal: string | undefined
  /** The name under which the shared waits know its reason while it is pending. */
  readonly shared?: string | undefined
  readonly detail?: WaitDetail | undefined
  /** For an announced wait: its time limit in milliseconds. */
  readonly timeout?: number | undefined
  /** Whether the viewers know this wait. */
  told: boolean
  until?: number
  outcome?: Outcome | undefined
  reason?: string | undefined
  releasedBy?: string | undefined
}

/** Details that most waits do not have. */
interface WaitDetail {
  /** The kind of the target, if it is neither a signal nor a probe. */
  readonly kind?: WaitSpan['kind']
  /** For a group: the number of ready members that it needs. */
  readonly needs?: number | undefined
  /** For a counter: the bounds that its value must meet, in words. */
  readonly wants?: string | undefined
  /** Returns what is missing, if no shared wait knows it. */
  readonly why?: () => string | undefined
}

/** Returns a wait in the form in which it is sent. */
export const spanOf = (wait: Wait): WaitSpan => {
  const { kind, needs } = wait.detail ?? {}
  const reason = reasonIn(wait)
  return {
    id: String(wait.id),
    target: wait.target,
    waiter: wait.waiter,
    ...(kind !== undefined && { kind }),
    ...(needs !== undefined && { needs }),
    since: wait.since,
    ...(wait.until !== undefined && { until: wait.until }),
    ...(wait.outcome !== undefined && { outcome: wait.outcome }),
    ...(reason !== undefined && { reason }),
    ...(wait.releasedBy !== undefined && { releasedBy: wait.releasedBy }),
  }
}

const reasonIn = ({ reason, detail, outcome }: Wait): string | undefined => {
  const isMissing = outcome === undefined || outcome === 'timeout'
  return reason && detail?.wants && isMissing ? `${reason}, wanted: ${detail.wants}` : reason
}

/** Returns the bounds of a counter in words: `3 or more`. */
export const boundsInWords = (
  bounds: Readonly<Partial<Record<'atLeast' | 'atMost' | 'equals', string | bigint>>>,
): string | undefined => {
  const { atLeast, atMost, equals } = bounds
  const all = [
    ...(equals === undefined ? [] : [`${equals}`]),
    ...(atLeast === undefined ? [] : [`${atLeast} or more`]),
    ...(atMost === undefined ? [] : [`${atMost} or less`]),
  ]
  return all.length > 0 ? all.join(' and ') : undefined
}
