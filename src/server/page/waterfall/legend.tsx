import { OUTCOMES, type Outcome } from '../model/outcome.ts'
import { Break } from './bar.tsx'

const ORDER: readonly Outcome[] = ['waiting', 'released', 'timeout', 'failed', 'gone', 'ended']

const APART = 96
const BELOW = 18

/** The outcomes, the signal and the break. */
const ENTRIES = ORDER.length + 2

/** Returns how many entries of the legend stand side by side, and the height of the legend. */
export const legendFor = (width: number): { readonly perRow: number; readonly height: number } => {
  const perRow = Math.min(ENTRIES, Math.max(1, Math.floor(width / APART)))
  return { perRow, height: Math.ceil(ENTRIES / perRow) * BELOW + 4 }
}

export const legendWidth = (perRow: number): number => perRow * APART

/** The legend of the bars, with `perRow` entries in a row. The base line of the first row is at 0. */
export const Legend = ({ perRow }: { perRow: number }) => (
  <g class="legend">
    {ORDER.map((outcome, index) => (
      <g class={`shape ${outcome}`} transform={place(index, perRow)}>
        <rect class="bar" x="0" y="-10" width="16" height="10" rx="2" />
        {outcome === 'timeout' || outcome === 'failed' ? (
          <rect class="hatch" x="0" y="-10" width="16" height="10" rx="2" />
        ) : null}
        <text class="who" x="22" y="-1">
          {OUTCOMES[outcome]}
        </text>
      </g>
    ))}
    <g class="signal releasing" transform={place(ORDER.length, perRow)}>
      <path d="M2 -10 h12 l-6 9 z" />
      <text class="who" x="22" y="-1">
        signal
      </text>
    </g>
    <g class="shape ended" transform={place(ORDER.length + 1, perRow)}>
      <rect class="bar" x="0" y="-10" width="16" height="10" rx="2" />
      <Break x={8} y={-10} height={10} />
      <text class="who" x="22" y="-1">
        cut off
      </text>
    </g>
  </g>
)

const place = (index: number, perRow: number): string =>
  `translate(${(index % perRow) * APART} ${Math.floor(index / perRow) * BELOW})`
