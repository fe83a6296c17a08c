import type { Bar } from './bar-model.ts'
import { type Cut, cutOf, type Words } from './bars.ts'
import { fitted, type Geometry, textWidth } from './geometry.ts'

interface BarProps {
  readonly bar: Bar
  readonly words: Words
  readonly geometry: Geometry
  readonly now: number
  /** For a row that stands for several waits: whether they are shown below it. */
  readonly open: boolean
}

/** A row of the waterfall: the waiter and its target, the bar, and the outcome. */
export const BarRow = (props: BarProps) => (
  <>
    <Label {...props} />
    <Shape {...props} />
  </>
)

/** Pixels by which the waits of an opened row are indented. */
const INNER = 14

const Label = ({ bar, words, geometry, open }: BarProps) => {
  const { gutter, width, rowHeight } = geometry
  const room = gutter || width
  const line = gutter ? rowHeight / 2 + 4 : 14
  const left = (gutter ? 12 : 8) + (bar.inner || bar.members ? INNER : 0)
  const who = fitted(words.who, room * 0.42)
  const target = fitted(words.target, room - left - 12 - (who ? textWidth(who) + 10 : 0), true)
  return (
    <>
      {bar.members ? (
        <path class={open ? 'fold open' : 'fold'} d={foldMark(left - INNER + 1, line - 4, open)} />
      ) : null}
      <text class="target" x={left} y={line}>
        {target}
      </text>
      <text class={bar.members ? 'who count' : 'who'} x={room - 8} y={line} text-anchor="end">
        {who}
      </text>
    </>
  )
}

/** The mark points to the side while the row is closed, and down while it is open. */
const foldMark = (x: number, middle: number, open: boolean): string =>
  open ? `M${x} ${middle - 3} h9 l-4.5 6 z` : `M${x + 1} ${middle - 4.5} v9 l6 -4.5 z`

/** The smallest width of a bar in pixels, so that a wait of no duration is visible too. */
const THINNEST = 3

const Shape = ({ bar, words, geometry, now }: BarProps) => {
  const { x, span, barTop: y, barHeight: height } = geometry
  const left = x(bar.wait.since)
  const right = Math.max(left + THINNEST, x(bar.wait.until ?? now))
  const cut = cutOf(bar.wait, span, now)
  return (
    <g class={`shape ${bar.outcome}`} data-cut={cut}>
      <rect class="bar" x={left} y={y} width={right - left} height={height} rx="3" />
      {hatched(bar) ? (
        <rect class="hatch" x={left} y={y} width={right - left} height={height} rx="3" />
      ) : null}
      {cut === 'none' || cut === 'start' ? <End bar={bar} x={right} y={y} height={height} /> : null}
      <Breaks cut={cut} left={left} right={right} y={y} height={height} />
      <Note note={words.note} geometry={geometry} left={left} right={right} />
    </g>
  )
}

interface BreaksProps {
  readonly cut: Cut
  readonly left: number
  readonly right: number
  readonly y: number
  readonly height: number
}

/** Pixels from a cut end of a bar to the break in the bar. */
const BREAK = 7

/** A cut bar has a break near that end, as an axis has, because its length is not the duration of the wait. */
const Breaks = ({ cut, left, right, y, height }: BreaksProps) => (
  <>
    {cut === 'start' || cut === 'both' ? <Break x={left + BREAK} y={y} height={height} /> : null}
    {cut === 'end' || cut === 'both' ? <Break x={right - BREAK} y={y} height={height} /> : null}
  </>
)

/** Two jagged lines with a gap between them. */
export const Break = ({ x, y, height }: { x: number; y: number; height: number }) => {
  const quarter = (height + 4) / 4
  const line = `l-2.5 ${quarter} l5 ${quarter} l-5 ${quarter} l2.5 ${quarter}`
  return (
    <g class="cut">
      <path class="gap" d={`M${x} ${y - 2} ${line}`} />
      <path class="edges" d={`M${x - 2.5} ${y - 2} ${line} M${x + 2.5} ${y - 2} ${line}`} />
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

/** Each outcome has an end of its own, for readers who see no colours. */
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
    case 'ended':
      return null
  }
}

interface NoteProps {
  readonly note: string
  readonly geometry: Geometry
  readonly left: number
  readonly right: number
}

/** The note stands beside the bar if there is room, otherwise on the bar. */
const Note = ({ note, geometry, left, right }: NoteProps) => {
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
