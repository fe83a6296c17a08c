import type { Geometry } from './geometry.ts'
import { AXIS_HEIGHT } from './geometry.ts'
import type { AxisMark } from './marks.ts'
import type { Tick } from './ticks.ts'

interface AxisProps {
  readonly geometry: Geometry
  readonly ticks: readonly Tick[]
  readonly marks: readonly AxisMark[]
  readonly activeMark?: string | undefined
}

/** Above the bars: the signals and the time. */
export const Axis = ({ geometry, ticks, marks, activeMark }: AxisProps) => (
  <g class="axis">
    {ticks.map(({ x, label }, index) => (
      <text
        class="tick"
        x={Math.min(x, geometry.width - 4)}
        y="15"
        text-anchor={anchorOf(index, x, geometry)}
      >
        {label}
      </text>
    ))}
    {marks.map(({ mark, x, released, label }) => (
      <g class={classOf(released, mark.id === activeMark)}>
        <path d={`M${x - 5} ${AXIS_HEIGHT - 9} h10 l-5 7 z`} />
        {label ? (
          <text x={x + SHIFTS[label.anchor]} y={AXIS_HEIGHT - 13} text-anchor={label.anchor}>
            {label.text}
          </text>
        ) : null}
      </g>
    ))}
    <path class="base" d={`M0 ${AXIS_HEIGHT - 0.5} H${geometry.width}`} />
  </g>
)

/** Pixels that move a name, so that it begins or ends with its mark. */
const SHIFTS = { start: -5, middle: 0, end: 5 } as const

const anchorOf = (index: number, x: number, { width, gutter }: Geometry) => {
  if (x > width - 34) return 'end'
  return index === 0 && x < gutter + 34 ? 'start' : 'middle'
}

const classOf = (released: boolean, active: boolean): string =>
  `signal${released ? ' releasing' : ''}${active ? ' active' : ''}`

interface GridProps extends AxisProps {
  readonly height: number
}

/** Behind the bars: a line for each tick, and a line for each signal that released a waiter. */
export const Grid = ({ ticks, marks, activeMark, height, geometry }: GridProps) => (
  <g class="grid">
    {ticks.map(({ x }) => (
      <path d={`M${x} 0 V${height}`} />
    ))}
    {geometry.gutter ? <path class="edge" d={`M${geometry.gutter}.5 0 V${height}`} /> : null}
    {marks
      .filter(({ released }) => released)
      .map(({ mark, x }) => (
        <path class={classOf(true, mark.id === activeMark)} d={`M${x} 0 V${height}`} />
      ))}
  </g>
)
