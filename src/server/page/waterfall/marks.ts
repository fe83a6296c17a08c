import type { SignalMark } from '../../activity/protocol.ts'
import { visible } from '../model/text.ts'
import type { Bar } from './bar-model.ts'
import { fitted, type Geometry, textWidth } from './geometry.ts'

/** A signal on the time axis. */
export interface AxisMark {
  readonly mark: SignalMark
  readonly x: number
  /** Whether it released a waiter. */
  readonly released: boolean
  /** The name above the mark, if the signal released a waiter and there is room for the name. */
  readonly label?: Label
}

interface Label {
  readonly text: string
  readonly anchor: 'start' | 'middle' | 'end'
}

/** The most lines. More lines would hide the chart. */
const MOST = 200

/** Returns the signals of the span. Signals that released a waiter come first, because their names are shown. */
export const marksOf = (
  signals: readonly SignalMark[],
  bars: readonly Bar[],
  { x, span, width }: Geometry,
): AxisMark[] => {
  const releasing = new Set(bars.map(({ wait }) => wait.releasedBy))
  const taken: Room[] = []
  return signals
    .filter(({ state, at }) => state !== null && at >= span.from && at <= span.to)
    .map((mark) => ({ mark, x: x(mark.at), released: releasing.has(mark.id) }))
    .sort((a, b) => Number(b.released) - Number(a.released) || a.x - b.x)
    .slice(0, MOST)
    .map((one) => {
      const text = fitted(nameOf(one.mark), 160)
      const label = one.released ? placed(text, one.x, width, taken) : undefined
      return { ...one, ...(label && { label }) }
    })
}

type Room = readonly [from: number, to: number]

const ANCHORS = ['middle', 'end', 'start'] as const

const placed = (text: string, x: number, width: number, taken: Room[]): Label | undefined => {
  const long = textWidth(text) + 8
  for (const anchor of ANCHORS) {
    const from = x + { middle: -long / 2, end: 8 - long, start: -8 }[anchor]
    const to = from + long
    if (from < 0 || to > width || taken.some(([left, right]) => to > left && from < right)) continue
    taken.push([from, to])
    return { text, anchor }
  }
  return undefined
}

/** Returns `db` or `db=migrated`. The name omits the usual state. */
export const nameOf = ({ key, state }: SignalMark): string =>
  visible(state === null || state === 'ready' ? key : `${key}=${state}`)
