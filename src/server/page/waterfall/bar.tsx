import type { Bar } from './bars.ts'
import { fitted, type Geometry, textWidth } from './geometry.ts'

interface BarProps {
  readonly bar: Bar
  readonly geometry: Geometry
  readonly now: number
}

/** A row of the waterfall: whose wait for what, the bar, and how it ended. */
export const BarRow = ({ bar, geometry, now }: BarProps) => (
  <>
    <Label bar={bar} geometry={geometry} />
    <Shape bar={bar} geometry={geometry} now={now} />
  </>
)

const Label = ({ bar, geometry }: Omit<BarProps, 'now'>) => {
  const { gutter, width, rowHeight } = geometry
  const room = gutter || width
  const line = gutter ? rowHeight / 2 + 4 : 14
  const who = fitted(bar.who, room * 0.42)
  const target = fitted(bar.target, room - 24 - (who ? textWidth(who) + 10 : 0), true)
  return (
    <>
      <text class="target" x={gutter ? 12 : 8} y={line}>
        {target}
      </text>
      <text class="who" x={room - 8} y={line} text-anchor="end">
        {who}
      </text>
    </>
  )
}

/** A wait that took no time is a bar nevertheless. */
const THINNEST = 3

const Shape = ({ bar, geometry, now }: BarProps) => {
  const { x, barTop: y, barHeight: height } = geometry
  const left = x(bar.wait.since)
  const right = Math.max(left + THINNEST, x(bar.wait.until ?? now))
  return (
    <g class={`shape ${bar.outcome}`}>
      <rect class="bar" x={left} y={y} width={right - left} height={height} rx="3" />
      {hatched(bar) ? (
        <rect class="hatch" x={left} y={y} width={right - left} height={height} rx="3" />
      ) : null}
      <End bar={bar} x={right} y={y} height={height} />
      <Note bar={bar} geometry={geometry} left={left} right={right} />
    </g>
  )
}

const hatched = ({ outcome }: Bar): boolean => outcome === 'timeout' || outcome === 'failed'

interface EndProps {
  readonly bar: Bar
  readonly x: number
  readonly y: number
  readonly height: number
}

/** Each outcome has an end of its own, for who sees no colours. */
const End = ({ bar, x, y, height }: EndProps) => {
  const middle = y + height / 2
  const r = 4
  switch (bar.outcome) {
    case 'waiting':
      return <path class="end" d={`M${x} ${y} l7 ${height / 2} l-7 ${height / 2} z`} />
    case 'released':
      return bar.mark ? (
        <path class="end mark" d={`M${x} ${middle - 7} l6 7 l-6 7 l-6 -7 z`} />
      ) : null
    case 'timeout':
      return <path class="end line" d={`M${x} ${y - 3} v${height + 6}`} />
    case 'failed':
      return (
        <path
          class="end line"
          d={`M${x - r} ${middle - r} l${2 * r} ${2 * r} m0 ${-2 * r} l${-2 * r} ${2 * r}`}
        />
      )
    case 'gone':
      return <circle class="end" cx={x} cy={middle} r={r} />
  }
}

interface NoteProps {
  readonly bar: Bar
  readonly geometry: Geometry
  readonly left: number
  readonly right: number
}

/** Beside the bar where there is room, else on it. */
const Note = ({ bar: { note }, geometry, left, right }: NoteProps) => {
  const { width, gutter, barTop, barHeight } = geometry
  const y = barTop + barHeight - 3
  const long = textWidth(note) + 12
  const after = width - right - 12
  const before = left - gutter
  const inside = right - left - 12
  if (long <= after || (after >= before && after >= inside))
    return (
      <text class="note" x={right + 12} y={y}>
        {fitted(note, after - 6)}
      </text>
    )
  if (before >= inside || long <= before)
    return (
      <text class="note" x={left - 8} y={y} text-anchor="end">
        {fitted(note, before - 12)}
      </text>
    )
  return (
    <text class="note inside" x={right - 10} y={y} text-anchor="end">
      {fitted(note, inside)}
    </text>
  )
}
