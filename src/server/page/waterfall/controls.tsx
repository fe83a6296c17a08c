import type { Activity } from '../../activity/protocol.ts'
import { dateText } from '../model/times.ts'
import type { Run, Zoom } from '../model/windows.ts'
import { Choice } from '../ui/choice.tsx'
import { download, fileName } from '../ui/download.ts'
import type { Drawing } from './model.ts'
import { toSvg } from './to-svg.tsx'

interface ControlsProps {
  readonly activity: Activity
  readonly drawing: Drawing
  readonly zoom: Zoom
  readonly setZoom: (zoom: Zoom) => void
  readonly runs: readonly Run[]
  /** The beginning of the chosen run. `undefined`: the newest run. */
  readonly run: number | undefined
  readonly setRun: (run: number | undefined) => void
}

const ZOOMS: readonly Zoom[] = ['run', 'minute', 'all']

const TITLES = { run: 'Run', minute: 'Last minute', all: 'All' }

/** The choice of the shown time, and the buttons that save files. */
export const Controls = (props: ControlsProps) => (
  <div class="controls">
    <Choice
      label="Time shown"
      name="zoom"
      options={ZOOMS}
      titles={TITLES}
      chosen={props.zoom}
      choose={props.setZoom}
    />
    {props.zoom === 'run' && props.runs.length > 1 ? <RunChoice {...props} /> : null}
    <Save activity={props.activity} drawing={props.drawing} />
  </div>
)

const RunChoice = ({ runs, run, setRun }: ControlsProps) => (
  <select
    aria-label="Run"
    value={run ?? ''}
    onChange={({ currentTarget: { value } }) => setRun(value === '' ? undefined : Number(value))}
  >
    <option value="">newest</option>
    {runs.map(({ from }, index) => (
      <option value={from}>
        {index + 1} of {runs.length}, {dateText(from)}
      </option>
    ))}
  </select>
)

const Save = ({ activity, drawing }: Pick<ControlsProps, 'activity' | 'drawing'>) => {
  const { backend, namespace } = activity.server
  const saveSvg = () => {
    const svg = toSvg(drawing, `Waits on ${backend}, namespace ${namespace}`)
    download(fileName(drawing.now, 'svg'), 'image/svg+xml', svg)
  }
  const saveJson = () => {
    const text = `${JSON.stringify(activity, undefined, 2)}\n`
    download(fileName(drawing.now, 'json'), 'application/json', text)
  }
  return (
    <div class="save">
      <button type="button" onClick={saveSvg} disabled={drawing.bars.length === 0}>
        Save SVG
      </button>
      <button type="button" onClick={saveJson}>
        Save JSON
      </button>
    </div>
  )
}
