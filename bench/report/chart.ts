import { formatFigure, formatLimit, formatRatio } from '../format.ts'
import { holds, type Plot, type Row } from '../row.ts'

/** A row in the form in which it is drawn. */
interface Bar {
  readonly label: string
  readonly value: number
  readonly text: string
  readonly kind: 'ours' | 'broken' | 'other'
  /** In the unit of `value`, even if the row's limit is a ratio. */
  readonly limit?: number
  readonly limitText: string
}

/** In pixels. */
const WIDTH = 940
const LABELS = 390
const TEXTS = 190
const LINE = 24
const TOP = 64
const RIGHT = WIDTH - TEXTS

/** Converts a value to a position in pixels. */
type Scale = (value: number) => number

/**
 * Draws the rows of a plot as bars, each with a mark at its limit. Ratios extend to both sides of 1 on a logarithmic
 * scale, so that half and twice are equally far from it. Figures start at 0.
 */
export const drawChart = (plot: Plot, rows: readonly Row[]): string => {
  const chosen = rows.filter((row) => isIn(plot, row))
  const bars = chosen.map((row) => barOf(plot, row))
  const scale = plot.of === 'ratio' ? ratioScale(bars) : figureScale(bars)
  const origin = scale(plot.of === 'ratio' ? 1 : 0)
  const height = TOP + bars.length * LINE + 14
  const axis = line('axis', origin, TOP - 8, height - 10)
  const drawn = bars.map((bar, index) => drawBar(bar, TOP + index * LINE, origin, scale))
  return `${[opening(plot.title, height), STYLE, heading(plot), axis, ...drawn, '</svg>'].join('\n')}\n`
}

const isIn = ({ of, rows }: Plot, row: Row): boolean =>
  (rows === undefined || rows.test(row.name)) && (of === 'figure' || row.ratio !== undefined)

const barOf = ({ of }: Plot, row: Row): Bar => {
  const { name, figure, unit, ratio = 1, against, limit } = row
  const drawsRatio = of === 'ratio'
  const one = drawsRatio ? 1 : figure / ratio
  return {
    label: drawsRatio ? `${name} : ${against}` : name,
    value: drawsRatio ? ratio : figure,
    text: drawsRatio ? formatRatio(ratio) : formatFigure(figure, unit),
    kind: holds(row) === false ? 'broken' : isOurs(row) ? 'ours' : 'other',
    ...(limit && { limit: limit.of === 'ratio' ? limit.value * one : limit.value }),
    limitText: formatLimit(row),
  }
}

/**
 * Whether the row measures rdv. A row about another program has neither a ratio nor a limit, and has that program's
 * name.
 */
const isOurs = ({ name, ratio, limit }: Row): boolean =>
  ratio !== undefined || limit !== undefined || !OTHERS.test(name)

const OTHERS = /\b(node|Node|etcdctl|consul (kv|lock)|flock|wait-on|raw puts)\b/

const valuesOf = (bars: readonly Bar[]): number[] =>
  bars.flatMap(({ value, limit }) => (limit === undefined ? [value] : [value, limit]))

const figureScale = (bars: readonly Bar[]): Scale => {
  const most = Math.max(...valuesOf(bars), Number.MIN_VALUE)
  return (value) => LABELS + (value / most) * (RIGHT - LABELS)
}

const ratioScale = (bars: readonly Bar[]): Scale => {
  const exponents = valuesOf(bars).map(Math.log2)
  const least = Math.min(...exponents, -1)
  const most = Math.max(...exponents, 1)
  return (value) => LABELS + ((Math.log2(value) - least) / (most - least)) * (RIGHT - LABELS)
}

const drawBar = (bar: Bar, y: number, origin: number, scale: Scale): string => {
  const end = scale(bar.value)
  const left = Math.min(origin, end)
  const width = Math.max(1, Math.abs(end - origin))
  const limit = bar.limitText === '' ? '' : ` (${bar.limitText})`
  return [
    text('label', LABELS - 12, y + 12, bar.label),
    `<rect class="${bar.kind}" x="${round(left)}" y="${y}" width="${round(width)}" height="16" rx="2"/>`,
    ...(bar.limit === undefined ? [] : [line('limit', scale(bar.limit), y - 3, y + 19)]),
    text('value', RIGHT + 10, y + 12, `${bar.text}${limit}`),
  ].join('\n')
}

const heading = ({ title, of }: Plot): string => {
  const kind = of === 'ratio' ? 'ratios on a logarithmic scale; the thin line is 1' : 'from 0'
  const subtitle = `${kind}; a thick mark is a limit, an orange bar breaks its limit`
  return [text('title', 16, 24, title), text('subtitle', 16, 42, subtitle)].join('\n')
}

const opening = (title: string, height: number): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escapeMarkup(title)}">
<rect class="paper" width="100%" height="100%" rx="6"/>`

const STYLE = `<style>
text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #24292f }
.title { font-size: 14px; font-weight: 600 }
.subtitle { font-size: 11px; fill: #57606a }
.label { text-anchor: end }
.paper { fill: #ffffff }
.ours { fill: #2f6fb7 } .broken { fill: #d9660b } .other { fill: #a3adb8 }
.axis { stroke: #8c959f; stroke-width: 1 } .limit { stroke: #24292f; stroke-width: 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .subtitle { fill: #9aa4af } .paper { fill: #0d1117 }
  .ours { fill: #5b9be0 } .broken { fill: #f0883e } .other { fill: #6e7681 } .limit { stroke: #e6edf3 }
}
</style>`

const text = (kind: string, x: number, y: number, content: string): string =>
  `<text class="${kind}" x="${x}" y="${y}">${escapeMarkup(content)}</text>`

const line = (kind: string, x: number, from: number, to: number): string =>
  `<line class="${kind}" x1="${round(x)}" x2="${round(x)}" y1="${from}" y2="${to}"/>`

const round = (pixels: number): number => Math.round(pixels * 10) / 10

const escapeMarkup = (content: string): string =>
  content.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
