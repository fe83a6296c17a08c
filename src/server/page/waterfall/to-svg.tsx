import { render } from 'preact'
import { dateText } from '../model/times.ts'
import { Axis, Grid } from './axis.tsx'
import { BarRow } from './bar.tsx'
import css from './chart.css?inline'
import { Defs } from './defs.tsx'
import { AXIS_HEIGHT } from './geometry.ts'
import { Legend } from './legend.tsx'
import type { Drawing } from './model.ts'

const HEAD = 34
const FOOT = 52

/** The whole waterfall as a file of its own, in the colours that are shown. Nothing of it is made from text. */
export const toSvg = (drawing: Drawing, title: string): string => {
  const { width, rowHeight } = drawing.geometry
  const height = HEAD + AXIS_HEIGHT + drawing.bars.length * rowHeight + FOOT
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`)
  svg.setAttribute('width', String(width))
  svg.setAttribute('height', String(height))
  svg.setAttribute('class', 'drawing')
  svg.setAttribute('role', 'img')
  render(<Contents drawing={drawing} title={title} height={height} />, svg)
  return `<?xml version="1.0" encoding="UTF-8"?>\n${new XMLSerializer().serializeToString(svg)}\n`
}

interface ContentsProps {
  readonly drawing: Drawing
  readonly title: string
  readonly height: number
}

const Contents = ({ drawing, title, height }: ContentsProps) => {
  const { geometry, bars, marks, ticks, now } = drawing
  const rows = bars.length * geometry.rowHeight
  const { from, to } = geometry.span
  return (
    <>
      <title>{title}</title>
      <style>{resolved(css)}</style>
      <Defs />
      <rect class="paper" width={geometry.width} height={height} />
      <text class="title" x="12" y="22">
        {title}
      </text>
      <text class="who" x={geometry.width - 12} y="22" text-anchor="end">
        {dateText(from)} to {dateText(to)}
      </text>
      <g transform={`translate(0 ${HEAD})`}>
        <Axis {...{ geometry, ticks, marks }} />
      </g>
      <g transform={`translate(0 ${HEAD + AXIS_HEIGHT})`}>
        <Grid {...{ geometry, ticks, marks, height: rows }} />
        {bars.map((bar, index) => (
          <g
            class="row"
            data-wait={bar.wait.id}
            data-holdup={bar.holdup}
            transform={`translate(0 ${index * geometry.rowHeight})`}
          >
            <title>{bar.label}</title>
            <rect class="ground" width={geometry.width} height={geometry.rowHeight} />
            <BarRow bar={bar} geometry={geometry} now={now} />
          </g>
        ))}
      </g>
      <g transform={`translate(12 ${height - 28})`}>
        <Legend perRow={geometry.gutter ? 6 : 3} />
      </g>
    </>
  )
}

/** The page's custom properties as what they are just now: the file has none. */
const resolved = (text: string): string => {
  const root = getComputedStyle(document.documentElement)
  return text.replace(/var\((--[\w-]+)\)/g, (reference, name) => {
    const value = root.getPropertyValue(name).trim()
    return value.startsWith('light-dark') ? shownColour(reference) : value
  })
}

const shownColour = (reference: string): string => {
  const probe = document.body.appendChild(document.createElement('i'))
  probe.style.color = reference
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}
