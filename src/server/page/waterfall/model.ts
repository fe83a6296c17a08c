import type { Activity } from '../../activity/protocol.ts'
import type { Span, Zoom } from '../model/windows.ts'
import type { Bar } from './bar-model.ts'
import { barsOf } from './bars.ts'
import { folded } from './folds.ts'
import { type Geometry, geometryOf } from './geometry.ts'
import { type AxisMark, marksOf } from './marks.ts'
import { type Tick, ticksOf } from './ticks.ts'

/** Everything that is drawn of a waterfall. */
export interface Drawing {
  readonly geometry: Geometry
  /** One bar for each wait. */
  readonly bars: readonly Bar[]
  /** The drawn rows. Equal waits form one row, and follow it if it is opened. */
  readonly rows: readonly Bar[]
  readonly opened: ReadonlySet<string>
  readonly marks: readonly AxisMark[]
  readonly ticks: readonly Tick[]
  readonly now: number
}

export interface View {
  readonly span: Span
  readonly zoom: Zoom
  readonly width: number
  readonly opened: ReadonlySet<string>
}

export const drawingOf = (
  activity: Activity,
  { span, zoom, width, opened }: View,
  now: number,
): Drawing => {
  const geometry = geometryOf(width, span)
  const bars = barsOf(activity, span, now)
  const rows = folded(bars, opened)
  const marks = marksOf(activity.signals, bars, geometry)
  return { geometry, bars, rows, opened, marks, ticks: ticksOf(geometry, zoom === 'run'), now }
}
