import { useMemo, useRef, useState } from 'preact/hooks'
import type { Activity } from '../../activity/protocol.ts'
import { runsOf, windowOf, type Zoom } from '../model/windows.ts'
import { Panel } from '../ui/panel.tsx'
import { useOpened } from '../ui/use-opened.ts'
import { useNow } from '../ui/use-session.ts'
import { Chart } from './chart.tsx'
import { Controls } from './controls.tsx'
import { Details } from './details.tsx'
import { Legend, legendFor, legendWidth } from './legend.tsx'
import { drawingOf } from './model.ts'
import { useWidth } from './use-width.ts'
import { Verdict } from './verdict.tsx'

interface WaterfallProps {
  readonly activity: Activity
  /** Whether a filter is active, so that no wait may be left. */
  readonly filtered: boolean
}

/** Milliseconds between two updates of the clock while a wait is pending. */
const smoothness = (): number =>
  matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 200

/** Every wait as a bar on one time axis, which shows at a glance what delayed a start-up. */
export const Waterfall = ({ activity, filtered }: WaterfallProps) => {
  const [zoom, setZoom] = useState<Zoom>('run')
  const [run, setRun] = useState<number>()
  const [active, setActive] = useState<string>()
  const [opened, setOpen] = useOpened()
  const frame = useRef<HTMLDivElement>(null)
  const width = useWidth(frame)
  const ticking = zoom === 'minute' || activity.waits.some(({ until }) => until === undefined)
  const now = useNow(ticking ? smoothness() : 1_000)
  const runs = useMemo(() => runsOf(activity.waits), [activity])
  const span = windowOf(activity, runs, zoom, run, now)
  const drawing = drawingOf(activity, { span, zoom, width: Math.max(width, 240), opened }, now)
  const bar = drawing.rows.find(({ id }) => id === active)
  const none = filtered ? 'No wait matches the filter.' : 'No waits in this time.'
  return (
    <Panel title="Waterfall" count={drawing.bars.length}>
      <Controls {...{ activity, drawing, zoom, setZoom, runs, run, setRun }} />
      <Verdict drawing={drawing} />
      <div class="frame" ref={frame}>
        {drawing.bars.length === 0 ? (
          <p class="none">{none}</p>
        ) : (
          <Chart drawing={drawing} active={active} {...{ setActive, setOpen }} />
        )}
      </div>
      {activity.unlisted > 0 ? <p class="unlisted">{unlistedText(activity.unlisted)}</p> : null}
      <div class="foot">
        <Details bar={bar} drawing={drawing} />
        <Key width={width - 2 * PADDING} />
      </div>
    </Panel>
  )
}

/** The padding of a panel in pixels, as the style sheet sets it. */
const PADDING = 14

const Key = ({ width }: { width: number }) => {
  const { perRow, height } = legendFor(width)
  return (
    <svg class="drawing" width={legendWidth(perRow)} height={height} aria-hidden="true">
      <g transform="translate(2 14)">
        <Legend perRow={perRow} />
      </g>
    </svg>
  )
}

const unlistedText = (count: number): string =>
  count === 1
    ? '1 more wait is pending and is not listed.'
    : `${count.toLocaleString('en')} more waits are pending and are not listed.`
