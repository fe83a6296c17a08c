import { OUTCOMES, type Outcome } from './bars.ts'

const ORDER: readonly Outcome[] = ['waiting', 'released', 'timeout', 'failed', 'gone']

const APART = 92

/** What the bars mean; its base line is at 0. */
export const Legend = () => (
  <g class="legend">
    {ORDER.map((outcome, index) => (
      <g class={`shape ${outcome}`} transform={`translate(${index * APART} 0)`}>
        <rect class="bar" x="0" y="-10" width="16" height="10" rx="2" />
        {outcome === 'timeout' || outcome === 'failed' ? (
          <rect class="hatch" x="0" y="-10" width="16" height="10" rx="2" />
        ) : null}
        <text class="who" x="22" y="-1">
          {OUTCOMES[outcome]}
        </text>
      </g>
    ))}
    <g class="signal releasing" transform={`translate(${ORDER.length * APART} -12)`}>
      <path d="M0 2 h10 l-5 7 z" />
      <text class="who" x="16" y="11">
        signal
      </text>
    </g>
  </g>
)
