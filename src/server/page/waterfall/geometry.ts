import type { Span } from '../model/windows.ts'

/** Where things are in the drawing, in pixels. */
export interface Geometry {
  readonly width: number
  /** Labels stand left of this; 0: above their bars. */
  readonly gutter: number
  readonly rowHeight: number
  /** Of the bar in its row. */
  readonly barTop: number
  readonly barHeight: number
  /** Where a moment is; what is outside of the span lies at its edge. */
  readonly x: (time: number) => number
  readonly span: Span
}

/** Narrower than this a label stands above its bar. */
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

/** Pixels of a character, in wide fonts. */
const FIXED = 7.25
const USUAL = 6.7

/** How wide a text is about: the drawing cannot measure it before it is there. */
export const textWidth = (text: string, fixed = false): number =>
  text.length * (fixed ? FIXED : USUAL)

/** A text that fits, its middle left out: names begin and end with what tells them apart. */
export const fitted = (text: string, width: number, fixed = false): string => {
  const room = Math.max(3, Math.floor(width / (fixed ? FIXED : USUAL)))
  if (text.length <= room) return text
  const tail = Math.floor((room - 1) / 2)
  return `${text.slice(0, room - 1 - tail)}…${text.slice(text.length - tail)}`
}
