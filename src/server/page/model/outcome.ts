import type { WaitSpan } from '../../activity/protocol.ts'

/** The state of a wait. `ended`: the wait has ended, and its outcome is not known. */
export type Outcome = 'waiting' | NonNullable<WaitSpan['outcome']> | 'ended'

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  waiting: 'waiting',
  released: 'released',
  timeout: 'timed out',
  failed: 'failed',
  gone: 'went away',
  ended: 'ended',
}

export const outcomeOf = ({ until, outcome }: WaitSpan): Outcome =>
  until === undefined ? 'waiting' : (outcome ?? 'ended')
