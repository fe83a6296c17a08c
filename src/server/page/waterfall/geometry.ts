import type { Span } from '../model/windows.ts'

/** Positions and sizes in the drawing, in pixels. */
export interface Geometry {
  readonly width: number
  /** The width of the labels, which stand left of the bars. 0: they stand above their bars. */
  readonly gutter: number
  readonly rowHeight: number
  /** The position of the bar in its row. */
  readonly barTop: number
  readonly barHeight: number
  /** Returns the position of a time. A time outside the span is at the edge. */
  readonly x: (time: number) => number
  readonly span: Span
}

/** In a drawing narrower than this, a label stands above its bar. */
const NARROW = 640

const EDGE = 14

export const AXIS_HEIGHT = 48

export const geometryOf = (width: number, span: Span): Geometry => {
  const narrow = width < NARROW
  const gutter = narrow ? 0 : Math.round(Math.min(400, Math.max(230, width * 0.27)))
  const left = narrow ? 8 : gutter + 8
  const plot = Math.max(1, width - left - EDGE)
  const x = (time: number) => {
    const part = (time - span.from) / (span.to - span.from)
    return left + plot * Math.min(1, Math.max(0, part))
  }
  const row = narrow
    ? { rowHeight: 42, barTop: 20, barHeight: 14 }
    : { rowHeight: 26, barTop: 6, barHeight: 14 }
  return { width, gutter, x, span, ...row }
}

/** Pixels of one character, in wide fonts. */
const FIXED = 7.25
const USUAL = 6.7

/** Returns the approximate width of a text. The drawing cannot measure a text before it is drawn. */
export const textWidth = (text: string, fixed = false): number =>
  text.length * (fixed ? FIXED : USUAL)

/** Shortens a text to a width. It omits the middle, because names differ at their beginnings and ends. */
export const fitted = (text: string, width: number, fixed = false): string => {
  const room = Math.max(3, Math.floor(width / (fixed ? FIXED : USUAL)))
  if (text.length <= room) return text
  const tail = Math.floor((room - 1) / 2)
  return `${text.slice(0, room - 1 - tail)}…${text.slice(text.length - tail)}`
}
