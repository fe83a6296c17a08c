import type { SignalMark } from '../../activity/protocol.ts'
import { visible } from '../model/text.ts'
import type { Bar } from './bars.ts'
import { type Geometry, textWidth } from './geometry.ts'

/** A signal on the time axis. */
export interface AxisMark {
  readonly mark: SignalMark
  readonly x: number
  /** Whether it released anybody. */
  readonly released: boolean
  /** Its name, where there is room for it. */
  readonly label?: string
  readonly anchor: 'start' | 'end'
}

/** So many lines at most, else they would be a wall. */
const MOST = 200

/** The signals of the span: first those that released somebody get room for their names. */
export const marksOf = (
  signals: readonly SignalMark[],
  bars: readonly Bar[],
  { x, span, width, gutter }: Geometry,
): AxisMark[] => {
  const releasing = new Set(bars.map(({ wait }) => wait.releasedBy))
  const within = signals
    .filter(({ state, at }) => state !== null && at >= span.from && at <= span.to)
    .map((mark) => ({ mark, x: x(mark.at), released: releasing.has(mark.id) }))
    .sort((a, b) => Number(b.released) - Number(a.released) || a.x - b.x)
    .slice(0, MOST)
  const taken: [number, number][] = []
  return within.map((one) => {
    const label = nameOf(one.mark)
    const long = textWidth(label) + 10
    const anchor = one.x + long <= width ? 'start' : 'end'
    const [from, to] = anchor === 'start' ? [one.x, one.x + long] : [one.x - long, one.x]
    const free = from >= gutter && taken.every(([left, right]) => to <= left || from >= right)
    taken.push(free ? [from, to] : [one.x - 6, one.x + 6])
    return { ...one, anchor, ...(free && { label }) }
  })
}

/** `db`, or `db=migrated`: only other states than the usual one are told. */
export const nameOf = ({ key, state }: SignalMark): string =>
  visible(state === null || state === 'ready' ? key : `${key}=${state}`)
