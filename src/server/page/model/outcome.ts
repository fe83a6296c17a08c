import type { WaitSpan } from '../../activity/protocol.ts'

/** How a wait stands; `ended`: it is over, and nobody told how. */
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
