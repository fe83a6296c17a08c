import type { SignalMark, WaitSpan } from '../../activity/protocol.ts'
import type { Outcome } from '../model/outcome.ts'

/** A row of the waterfall: one wait, or several equal waits. */
export interface Bar {
  readonly id: string
  /** For several waits: the first wait, with the end of the last one. */
  readonly wait: WaitSpan
  readonly outcome: Outcome
  /** The signal that released it. */
  readonly mark?: SignalMark | undefined
  /** Whether its target is the target with the longest wait. */
  readonly holdup: boolean
  /** If the row stands for several waits: all of them. */
  readonly members?: readonly WaitSpan[]
  /** Whether it is one of several waits whose row is opened. */
  readonly inner: boolean
  /** Absent until rows are made from the bars. */
  readonly place?: Place
}

/** The position of a row among the rows of its level, counted from 1. */
interface Place {
  readonly position: number
  readonly of: number
}
