import type { Activity, WaitSpan } from '../../activity/protocol.ts'

/** A period of time. */
export interface Span {
  readonly from: number
  readonly to: number
}

export interface Run extends Span {
  /** Whether a wait of this run is still pending. */
  readonly open: boolean
}

/** A wait that begins more than this many milliseconds after the end of a run begins another run. */
const QUIET = 20_000

/** The shortest span that is shown, in milliseconds. A shorter span would show differences that mean nothing. */
const SHORTEST = 1_000

/**
 * Returns the start-ups, oldest first. Waits that overlap, or follow each other closely, belong to one run. A pending
 * wait may last forever, so only its beginning counts.
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

/**
 * Returns the span that the time axis shows. `begun` is the beginning of the run to show. If there is no such run, the
 * newest run is shown.
 */
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

/** Whether a part of a wait lies within the span. */
export const isWithin = ({ since, until }: WaitSpan, { from, to }: Span): boolean =>
  since <= to && (until ?? Number.POSITIVE_INFINITY) >= from
