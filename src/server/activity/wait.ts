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
  readonly detail?: WaitDetail | undefined
  /** Of one that was announced: milliseconds. */
  readonly timeout?: number | undefined
  /** Whether viewers know of it. */
  told: boolean
  until?: number
  outcome?: Outcome | undefined
  reason?: string | undefined
  releasedBy?: string | undefined
}

/** What most waits do not have. */
interface WaitDetail {
  /** What is waited for, where it is neither a signal nor a probe. */
  readonly kind?: WaitSpan['kind']
  /** Of a group: the number of ready members. */
  readonly needs?: number | undefined
  /** Of a counter: what it must be, in words. */
  readonly wants?: string | undefined
  /** What is missing, where no shared wait knows it. */
  readonly why?: () => string | undefined
}

/** As it is told. */
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

/** `3 or more` */
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
