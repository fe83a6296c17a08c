import type { Activity, WaitSpan } from '../../activity/protocol.ts'
import { OUTCOMES, type Outcome, outcomeOf } from '../model/outcome.ts'
import { visible } from '../model/text.ts'
import { durationText } from '../model/times.ts'
import { holdups, lengthOf } from '../model/verdict.ts'
import { whoText } from '../model/who.ts'
import { isWithin, type Span } from '../model/windows.ts'
import type { Bar } from './bar-model.ts'

/** The texts of a bar. */
export interface Words {
  readonly target: string
  readonly who: string
  /** The text beside the bar. */
  readonly note: string
  /** The whole row as a sentence, for screen readers. */
  readonly label: string
}

/** Returns a bar for each wait of a span, in the order in which the waits began. */
export const barsOf = ({ waits, signals }: Activity, span: Span, now: number): Bar[] => {
  const marks = new Map(signals.map((mark) => [mark.id, mark]))
  const within = waits.filter((wait) => isWithin(wait, span)).sort((a, b) => a.since - b.since)
  const worst = holdups(within, now)[0]?.target
  return within.map((wait) => ({
    id: wait.id,
    wait,
    outcome: outcomeOf(wait),
    mark: marks.get(wait.releasedBy ?? ''),
    holdup: wait.target === worst,
    inner: false,
  }))
}

/** Makes the texts of a bar. It is called only for rows that are drawn, because there may be thousands of others. */
export const wordsOf = (bar: Bar, span: Span, now: number, open = false): Words => {
  const { wait, outcome, mark, members } = bar
  const target = visible(wait.target)
  const who = members ? `${members.length} waits` : whoText(wait.waiter)
  const by = whoText(mark?.by)
  const why = outcome === 'released' ? by && `by ${by}` : reasonOf(wait, outcome)
  const cut = CUTS[cutOf(wait, span, now)]
  const note = [lengthText(bar, now), why, cut].filter(Boolean).join(' · ')
  const folded = members ? [open ? 'expanded' : 'collapsed'] : []
  const label = `${[target, who].filter(Boolean).join(', ')}: ${[OUTCOMES[outcome], note, ...folded].join(', ')}`
  return { target, who, note, label }
}

/** Returns the duration of a wait. For several waits, returns the shortest and the longest duration. */
export const lengthText = ({ wait, members }: Bar, now: number): string => {
  if (!members) return durationText(lengthOf(wait, now))
  const lengths = members.map((member) => lengthOf(member, now))
  const [least, most] = [
    lengths.reduce((a, b) => Math.min(a, b)),
    lengths.reduce((a, b) => Math.max(a, b)),
  ]
  const [short, long] = [durationText(least), durationText(most)]
  return short === long ? short : `${short} to ${long}`
}

const reasonOf = ({ reason }: WaitSpan, outcome: Outcome): string => {
  const said = reason === undefined ? '' : visible(reason)
  return outcome === 'waiting' ? said : [OUTCOMES[outcome], said].filter(Boolean).join(': ')
}

export type Cut = 'none' | 'start' | 'end' | 'both'

const CUTS: Readonly<Record<Cut, string>> = {
  none: '',
  start: 'started before this view',
  end: 'continues after this view',
  both: 'started before this view and continues after it',
}

/** Returns which ends of a wait lie outside the shown span. */
export const cutOf = ({ since, until }: WaitSpan, span: Span, now: number): Cut => {
  const start = since < span.from
  const end = (until ?? now) > span.to
  if (start) return end ? 'both' : 'start'
  return end ? 'end' : 'none'
}
