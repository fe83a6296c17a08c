import type { Activity } from '../../activity/protocol.ts'
import type { Span, Zoom } from '../model/windows.ts'
import { type Bar, barsOf } from './bars.ts'
import { type Geometry, geometryOf } from './geometry.ts'
import { type AxisMark, marksOf } from './marks.ts'
import { type Tick, ticksOf } from './ticks.ts'

/** All that is drawn of a waterfall. */
export interface Drawing {
  readonly geometry: Geometry
  readonly bars: readonly Bar[]
  readonly marks: readonly AxisMark[]
  readonly ticks: readonly Tick[]
  readonly now: number
}

export const drawingOf = (
  activity: Activity,
  span: Span,
  zoom: Zoom,
  width: number,
  now: number,
): Drawing => {
  const geometry = geometryOf(width, span)
  const bars = barsOf(activity, span, now)
  const marks = marksOf(activity.signals, bars, geometry)
  return { geometry, bars, marks, ticks: ticksOf(geometry, zoom === 'run'), now }
}
