import type { Activity, SignalMark, WaitSpan } from '../../activity/protocol.ts'
import { visible } from '../model/text.ts'
import { durationText } from '../model/times.ts'
import { holdups, lengthOf } from '../model/verdict.ts'
import { whoText } from '../model/who.ts'
import { isWithin, type Span } from '../model/windows.ts'

export type Outcome = 'waiting' | NonNullable<WaitSpan['outcome']>

export const OUTCOMES: Readonly<Record<Outcome, string>> = {
  waiting: 'waiting',
  released: 'released',
  timeout: 'timed out',
  failed: 'failed',
  gone: 'went away',
}

/** A wait as it is drawn. */
export interface Bar {
  readonly wait: WaitSpan
  readonly outcome: Outcome
  readonly target: string
  readonly who: string
  /** What stands beside the bar. */
  readonly note: string
  /** What released it. */
  readonly mark?: SignalMark
  /** Whether it is for what held everybody back. */
  readonly holdup: boolean
  /** All of it as a sentence, for those who do not see it. */
  readonly label: string
}

/** The waits of a span, in the order in which they began. */
export const barsOf = ({ waits, signals }: Activity, span: Span, now: number): Bar[] => {
  const marks = new Map(signals.map((mark) => [mark.id, mark]))
  const within = waits.filter((wait) => isWithin(wait, span)).sort((a, b) => a.since - b.since)
  const worst = holdups(within, now)[0]?.target
  return within.map((wait) => {
    const mark = marks.get(wait.releasedBy ?? '')
    return { ...barOf(wait, mark, now), holdup: wait.target === worst }
  })
}

const barOf = (wait: WaitSpan, mark: SignalMark | undefined, now: number): Omit<Bar, 'holdup'> => {
  const outcome = wait.until === undefined ? 'waiting' : (wait.outcome ?? 'released')
  const target = visible(wait.target)
  const who = whoText(wait.waiter)
  const duration = durationText(lengthOf(wait, now))
  const by = whoText(mark?.by)
  const why = outcome === 'released' ? by && `by ${by}` : reasonOf(wait, outcome)
  const note = [duration, why].filter(Boolean).join(' · ')
  const label = `${target}, ${who}: ${OUTCOMES[outcome]}, ${note}`
  return { wait, outcome, target, who, note, label, ...(mark && { mark }) }
}

const reasonOf = ({ reason }: WaitSpan, outcome: Outcome): string => {
  const said = reason === undefined ? '' : visible(reason)
  return outcome === 'waiting' ? said : [OUTCOMES[outcome], said].filter(Boolean).join(': ')
}
