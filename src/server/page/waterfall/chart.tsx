import { useEffect, useRef, useState } from 'preact/hooks'
import { Axis, Grid } from './axis.tsx'
import { BarRow } from './bar.tsx'
import type { Bar } from './bar-model.ts'
import { wordsOf } from './bars.ts'
import { Defs } from './defs.tsx'
import { AXIS_HEIGHT } from './geometry.ts'
import { moved, opens } from './keyboard.ts'
import type { Drawing } from './model.ts'
import { useViewport } from './use-viewport.ts'

interface ChartProps {
  readonly drawing: Drawing
  /** The id of the active row. */
  readonly active: string | undefined
  readonly setActive: (id: string | undefined) => void
  /** Shows or hides, below a row, the waits that it stands for. */
  readonly setOpen: (id: string, open: boolean) => void
}

/**
 * The waterfall as a tree of rows. A row can be chosen by pointer or keyboard, and opened if it stands for several
 * waits. Only the visible rows are drawn.
 */
export const Chart = ({ drawing, active, setActive, setOpen }: ChartProps) => {
  const { geometry, rows, marks, ticks, opened } = drawing
  const scroller = useRef<HTMLDivElement>(null)
  const { first, last, reveal } = useViewport(scroller, rows.length, geometry.rowHeight)
  const [keyboard, setKeyboard] = useState(false)
  const index = rows.findIndex(({ id }) => id === active)
  const activeMark = rows[index]?.wait.releasedBy
  const height = rows.length * geometry.rowHeight
  const onKeyDown = (event: KeyboardEvent) => {
    const row = rows[index]
    const open = row?.members && opens(event.key, opened.has(row.id))
    const to = open === undefined ? moved(event.key, index, drawing) : index
    if (to === undefined) return
    event.preventDefault()
    setKeyboard(true)
    if (row && open !== undefined) setOpen(row.id, open)
    setActive(rows[to]?.id)
    reveal(to)
  }
  const at = ({ offsetY }: PointerEvent) => rows[Math.floor(offsetY / geometry.rowHeight)]
  const onPointerMove = (event: PointerEvent) => {
    setKeyboard(false)
    setActive(at(event)?.id)
  }
  const choose = (row: Bar) => {
    setActive(row.id)
    if (row.members) setOpen(row.id, !opened.has(row.id))
  }
  useEffect(() => {
    if (keyboard) reveal(index)
  }, [keyboard, index])
  return (
    <div
      class="chart"
      ref={scroller}
      role="tree"
      tabIndex={0}
      aria-label="Waits, in the order of their start times"
      aria-activedescendant={index < 0 ? undefined : itemId(active)}
      onKeyDown={onKeyDown}
      onFocus={() => index < 0 && rows.length > 0 && setActive(rows[first]?.id)}
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
        {rows.slice(first, last).map((row, offset) => (
          <Row
            key={row.id}
            {...{ row, drawing, activeMark }}
            active={row.id === active}
            index={first + offset}
            choose={choose}
          />
        ))}
      </svg>
    </div>
  )
}

interface RowProps {
  readonly row: Bar
  readonly drawing: Drawing
  readonly index: number
  readonly active: boolean
  readonly activeMark: string | undefined
  /** Called when the row is clicked. */
  readonly choose: (row: Bar) => void
}

const Row = ({ row, drawing, index, active, activeMark, choose }: RowProps) => {
  const { geometry, opened, now } = drawing
  const open = opened.has(row.id)
  const words = wordsOf(row, geometry.span, now, open)
  return (
    <g
      id={itemId(row.id)}
      class={rowClass(row, active, activeMark)}
      role="treeitem"
      aria-selected={active}
      aria-expanded={row.members ? open : undefined}
      aria-level={row.inner ? 2 : 1}
      aria-setsize={row.place?.of}
      aria-posinset={row.place?.position}
      aria-label={words.label}
      data-holdup={row.holdup}
      onClick={() => choose(row)}
      transform={`translate(0 ${index * geometry.rowHeight})`}
    >
      <rect class="ground" width={geometry.width} height={geometry.rowHeight} />
      <BarRow bar={row} {...{ words, geometry, now, open }} />
    </g>
  )
}

const itemId = (id: string | undefined): string => `wait-${id}`

const rowClass = (
  { wait, members }: Bar,
  active: boolean,
  activeMark: string | undefined,
): string => {
  const related = activeMark !== undefined && wait.releasedBy === activeMark
  const state = active ? 'active' : related ? 'related' : ''
  return ['row', members && 'several', state].filter(Boolean).join(' ')
}
