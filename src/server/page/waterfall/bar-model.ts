import type { SignalMark, WaitSpan } from '../../activity/protocol.ts'
import type { Outcome } from '../model/outcome.ts'

/** A row of the waterfall: a wait, or several equal ones as one. */
export interface Bar {
  readonly id: string
  /** Of several the first; it goes from the first beginning to the last end. */
  readonly wait: WaitSpan
  readonly outcome: Outcome
  /** What released it. */
  readonly mark?: SignalMark | undefined
  /** Whether it is for what held everybody back. */
  readonly holdup: boolean
  /** Where it stands for several: all of them. */
  readonly members?: readonly WaitSpan[]
  /** Whether it is one of several whose row has been opened. */
  readonly inner: boolean
  /** Absent until rows are made of the bars. */
  readonly place?: Place
}

/** Where a row stands among those of its level, counted from 1. */
interface Place {
  readonly position: number
  readonly of: number
}
