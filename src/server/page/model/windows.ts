import type { Activity, WaitSpan } from '../../activity/protocol.ts'

/** A part of time. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Run extends Span {
  /** Whether somebody waits since it began. */
  readonly open: boolean
}

/** Nothing for so long, milliseconds: what comes then is another run. */
const QUIET = 20_000

/** A span shorter than this, milliseconds, would tell differences that are none. */
const SHORTEST = 1_000

/**
 * Start-ups one after the other, oldest first: waits that overlap or follow each other closely. Who still waits may
 * do so for ever, and so counts with its beginning only.
 */
export const runsOf = (waits: readonly WaitSpan[]): Run[] => {
  const runs: { from: number; to: number; open: boolean }[] = []
  for (const { since, until } of [...waits].sort((a, b) => a.since - b.since)) {
    const last = runs.at(-1)
    const joins = last && since - last.to <= QUIET
    const run = joins ? last : { from: since, to: since, open: false }
    if (!joins) runs.push(run)
    run.to = Math.max(run.to, until ?? since)
    run.open ||= until === undefined
  }
  return runs
}

export type Zoom = 'run' | 'minute' | 'all'

/** What the time axis shows; `begun` names a run by its beginning; the newest if there is none such. */
export const windowOf = (
  { waits }: Activity,
  runs: readonly Run[],
  zoom: Zoom,
  begun: number | undefined,
  now: number,
): Span => {
  if (zoom === 'minute') return { from: now - 60_000, to: now }
  const chosen = runs.find(({ from }) => from === begun) ?? runs.at(-1)
  const run = zoom === 'run' ? chosen : undefined
  if (run) return padded(run.from, run.open ? now : run.to)
  const first = waits.reduce((least, { since }) => Math.min(least, since), now)
  const open = waits.some(({ until }) => until === undefined)
  const last = waits.reduce((most, { until }) => Math.max(most, until ?? now), first)
  return padded(first, open ? now : last)
}

const padded = (from: number, to: number): Span => ({ from, to: Math.max(to, from + SHORTEST) })

/** Whether any of a wait is in the span. */
export const isWithin = ({ since, until }: WaitSpan, { from, to }: Span): boolean =>
  since <= to && (until ?? Number.POSITIVE_INFINITY) >= from
