import type { WaitSpan } from '../../activity/protocol.ts'

/** A target, with all the waits for it. */
export interface Holdup {
  readonly target: string
  readonly waits: number
  /** The duration of the longest wait, in milliseconds. */
  readonly longest: number
  /** The longest wait. */
  readonly wait: WaitSpan
}

/** Returns the targets in the order of their longest waits, longest first. */
export const holdups = (waits: readonly WaitSpan[], now: number): Holdup[] => {
  const byTarget = Map.groupBy(waits, ({ target }) => target)
  const all = [...byTarget].map(([target, own]): Holdup => {
    const wait = own.reduce((a, b) => (lengthOf(b, now) > lengthOf(a, now) ? b : a))
    return { target, waits: own.length, longest: lengthOf(wait, now), wait }
  })
  return all.sort((a, b) => b.longest - a.longest)
}

export const lengthOf = ({ since, until }: WaitSpan, now: number): number =>
  Math.max(0, (until ?? now) - since)
