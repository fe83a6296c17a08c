import { useRef, useState } from 'preact/hooks'
import type { Activity } from '../../activity/protocol.ts'
import { runsOf, windowOf, type Zoom } from '../model/windows.ts'
import { Panel } from '../ui/panel.tsx'
import { useNow } from '../ui/use-session.ts'
import { Chart } from './chart.tsx'
import { Controls } from './controls.tsx'
import { Details } from './details.tsx'
import { Legend } from './legend.tsx'
import { drawingOf } from './model.ts'
import { useWidth } from './use-width.ts'
import { Verdict } from './verdict.tsx'

interface WaterfallProps {
  readonly activity: Activity
  /** Whether what is shown is filtered, so that nothing may be left. */
  readonly filtered: boolean
}

/** Milliseconds between two looks at the clock while somebody waits. */
const smoothness = (): number =>
  matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 200

/** Every wait as a bar on one time axis: one glance shows what held a start-up back. */
export const Waterfall = ({ activity, filtered }: WaterfallProps) => {
  const [zoom, setZoom] = useState<Zoom>('run')
  const [run, setRun] = useState<number>()
  const [active, setActive] = useState<string>()
  const frame = useRef<HTMLDivElement>(null)
  const width = useWidth(frame)
  const ticking = zoom === 'minute' || activity.waits.some(({ until }) => until === undefined)
  const now = useNow(ticking ? smoothness() : 1_000)
  const runs = runsOf(activity.waits)
  const span = windowOf(activity, runs, zoom, run, now)
  const drawing = drawingOf(activity, span, zoom, Math.max(width, 280), now)
  const bar = drawing.bars.find(({ wait }) => wait.id === active)
  const none = filtered ? 'No wait matches the filter.' : 'Nobody has waited in this time.'
  return (
    <Panel title="Waterfall" count={drawing.bars.length}>
      <Controls {...{ activity, drawing, zoom, setZoom, runs, run, setRun }} />
      <Verdict drawing={drawing} />
      <div class="frame" ref={frame}>
        {drawing.bars.length === 0 ? (
          <p class="none">{none}</p>
        ) : (
          <Chart drawing={drawing} active={active} setActive={setActive} />
        )}
      </div>
      {activity.unlisted > 0 ? (
        <p class="unlisted">{activity.unlisted} more wait and are not listed.</p>
      ) : null}
      <div class="foot">
        <Details bar={bar} now={now} />
        <Key perRow={drawing.geometry.gutter ? 6 : 3} />
      </div>
    </Panel>
  )
}

const Key = ({ perRow }: { perRow: number }) => (
  <svg class="drawing" width={perRow * 96} height={(6 / perRow) * 18 + 4} aria-hidden="true">
    <g transform="translate(2 14)">
      <Legend perRow={perRow} />
    </g>
  </svg>
)
