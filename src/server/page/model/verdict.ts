import type { WaitSpan } from '../../activity/protocol.ts'

/** A target with all the waits for it. */
export interface Holdup {
  readonly target: string
  readonly waits: number
  /** Of the longest wait, milliseconds. */
  readonly longest: number
  /** The wait that took longest. */
  readonly wait: WaitSpan
}

/** What held everybody back, the longest first. */
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
