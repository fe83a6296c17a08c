import { clockText, durationText } from '../model/times.ts'
import type { Geometry } from './geometry.ts'

export interface Tick {
  readonly x: number
  readonly label: string
}

/** The smallest distance between two ticks, in pixels. */
const APART = 84

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 20, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 20, 30].map((count) => count * MINUTE),
  ...[1, 2, 4, 8, 12, 24, 48, 96, 192].map((count) => count * HOUR),
]

/** `relative`: the labels count from the beginning of the span. Otherwise they show the time of day. */
export const ticksOf = ({ x, span, width, gutter }: Geometry, relative: boolean): Tick[] => {
  const wanted = ((span.to - span.from) * APART) / Math.max(APART, width - gutter)
  const step = STEPS.find((one) => one >= wanted) ?? span.to - span.from
  const zone = new Date(span.from).getTimezoneOffset() * MINUTE
  const origin = relative ? span.from : Math.ceil((span.from - zone) / step) * step + zone
  const count = Math.floor((span.to - origin) / step) + 1
  return Array.from({ length: count }, (_, index) => origin + index * step).map((time) => ({
    x: x(time),
    label: relative ? relativeText(time - span.from, step) : clockText(time),
  }))
}

const relativeText = (time: number, step: number): string => {
  if (time === 0) return '0'
  return step < SECOND && time >= SECOND
    ? `${Number((time / SECOND).toFixed(3))} s`
    : durationText(time).replace('.0 s', ' s')
}
