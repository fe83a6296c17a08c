import { useEffect, useRef, useState } from 'preact/hooks'
import { Axis, Grid } from './axis.tsx'
import { BarRow } from './bar.tsx'
import { Defs } from './defs.tsx'
import { AXIS_HEIGHT } from './geometry.ts'
import { moved } from './keyboard.ts'
import type { Drawing } from './model.ts'
import { useViewport } from './use-viewport.ts'

interface ChartProps {
  readonly drawing: Drawing
  /** Of the wait that is looked at. */
  readonly active: string | undefined
  readonly setActive: (id: string | undefined) => void
}

/** The waterfall as a list of which one can be chosen, by pointer or keyboard. Only what is in sight is drawn. */
export const Chart = ({ drawing, active, setActive }: ChartProps) => {
  const { geometry, bars, marks, ticks, now } = drawing
  const scroller = useRef<HTMLDivElement>(null)
  const { first, last, reveal } = useViewport(scroller, bars.length, geometry.rowHeight)
  const [keyboard, setKeyboard] = useState(false)
  const index = bars.findIndex(({ wait }) => wait.id === active)
  const activeMark = bars[index]?.wait.releasedBy
  const height = bars.length * geometry.rowHeight
  const show = (to: number) => {
    setActive(bars[to]?.wait.id)
    reveal(to)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const to = moved(event.key, index, drawing)
    if (to === undefined) return
    event.preventDefault()
    setKeyboard(true)
    show(to)
  }
  const onPointerMove = ({ offsetY }: PointerEvent) => {
    setKeyboard(false)
    setActive(bars[Math.floor(offsetY / geometry.rowHeight)]?.wait.id)
  }
  useEffect(() => {
    if (keyboard) reveal(index)
  }, [keyboard, index])
  return (
    <div
      class="chart"
      ref={scroller}
      role="listbox"
      tabIndex={0}
      aria-label="Waits, in the order in which they began"
      aria-activedescendant={index < 0 ? undefined : optionId(active)}
      onKeyDown={onKeyDown}
      onFocus={() => index < 0 && bars.length > 0 && setActive(bars[first]?.wait.id)}
    >
      <svg class="drawing head" width={geometry.width} height={AXIS_HEIGHT} aria-hidden="true">
        <Axis {...{ geometry, ticks, marks, activeMark }} />
      </svg>
      <svg
        class="drawing"
        width={geometry.width}
        height={height}
        role="presentation"
        onPointerMove={onPointerMove}
        onPointerLeave={() => !keyboard && setActive(undefined)}
      >
        <Defs />
        <Grid {...{ geometry, ticks, marks, activeMark, height }} />
        {bars.slice(first, last).map((bar, offset) => (
          <g
            key={bar.wait.id}
            id={optionId(bar.wait.id)}
            class={rowClass(bar.wait, active, activeMark)}
            role="option"
            aria-selected={bar.wait.id === active}
            aria-setsize={bars.length}
            aria-posinset={first + offset + 1}
            aria-label={bar.label}
            data-holdup={bar.holdup}
            transform={`translate(0 ${(first + offset) * geometry.rowHeight})`}
          >
            <rect class="ground" width={geometry.width} height={geometry.rowHeight} />
            <BarRow bar={bar} geometry={geometry} now={now} />
          </g>
        ))}
      </svg>
    </div>
  )
}

const optionId = (id: string | undefined): string => `wait-${id}`

const rowClass = (
  { id, releasedBy }: { readonly id: string; readonly releasedBy?: string },
  active: string | undefined,
  activeMark: string | undefined,
): string => {
  if (id === active) return 'row active'
  return activeMark !== undefined && releasedBy === activeMark ? 'row related' : 'row'
}
