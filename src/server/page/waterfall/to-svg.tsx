import { render } from 'preact'
import { dateText, fullText } from '../model/times.ts'
import { Axis, Grid } from './axis.tsx'
import { BarRow } from './bar.tsx'
import { wordsOf } from './bars.ts'
import css from './chart.css?inline'
import { Defs } from './defs.tsx'
import { AXIS_HEIGHT, fitted } from './geometry.ts'
import { Legend, legendFor } from './legend.tsx'
import type { Drawing } from './model.ts'

/** The height of two lines: the title and the shown time. */
const HEAD = 52
const EDGE = 12

/**
 * Returns the whole waterfall as an SVG file, in the shown colours. It is built from elements, never by joining texts.
 */
export const toSvg = (drawing: Drawing, title: string): string => {
  const { width, rowHeight } = drawing.geometry
  const foot = legendFor(width - 2 * EDGE).height + 2 * EDGE
  const height = HEAD + AXIS_HEIGHT + drawing.rows.length * rowHeight + foot
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
  const { geometry, rows, opened, marks, ticks, now } = drawing
  const bottom = rows.length * geometry.rowHeight
  const { from, to } = geometry.span
  const legend = legendFor(geometry.width - 2 * EDGE)
  return (
    <>
      <title>{title}</title>
      <style>{resolved(css)}</style>
      <Defs />
      <rect class="paper" width={geometry.width} height={height} />
      <text class="title" x={EDGE} y="22">
        {fitted(title, (geometry.width - 2 * EDGE) * 0.75)}
      </text>
      <text class="who" x={EDGE} y="40">
        {dateText(from)} to {fullText(to)}
      </text>
      <g transform={`translate(0 ${HEAD})`}>
        <Axis {...{ geometry, ticks, marks }} />
      </g>
      <g transform={`translate(0 ${HEAD + AXIS_HEIGHT})`}>
        <Grid {...{ geometry, ticks, marks, height: bottom }} />
        {rows.map((row, index) => {
          const open = opened.has(row.id)
          const words = wordsOf(row, geometry.span, now, open)
          return (
            <g
              class="row"
              data-wait={row.id}
              data-holdup={row.holdup}
              transform={`translate(0 ${index * geometry.rowHeight})`}
            >
              <title>{words.label}</title>
              <rect class="ground" width={geometry.width} height={geometry.rowHeight} />
              <BarRow bar={row} {...{ words, geometry, now, open }} />
            </g>
          )
        })}
      </g>
      <g transform={`translate(${EDGE} ${height - EDGE - legend.height + 14})`}>
        <Legend perRow={legend.perRow} />
      </g>
    </>
  )
}

/** Replaces the page's custom properties by their current values, because the file has no such properties. */
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
