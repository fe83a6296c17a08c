import { OUTCOMES, type Outcome } from './bars.ts'

const ORDER: readonly Outcome[] = ['waiting', 'released', 'timeout', 'failed', 'gone']

const APART = 96
const BELOW = 18

/** What the bars mean, so many in a row; the first one's base line is at 0. */
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
  </g>
)

const place = (index: number, perRow: number): string =>
  `translate(${(index % perRow) * APART} ${Math.floor(index / perRow) * BELOW})`
