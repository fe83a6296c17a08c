import type { SignalMark } from '../../activity/protocol.ts'
import { whoText } from '../model/who.ts'
import { CurlLine, curlLine } from '../ui/curl-line.tsx'
import { Panel } from '../ui/panel.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Age } from '../ui/time.tsx'
import { Visible } from '../ui/visible.tsx'
import { Who } from '../ui/who.tsx'
import type { PanelProps } from './panel-props.ts'
import { State } from './state.tsx'

const COLUMNS: readonly Column<SignalMark>[] = [
  { title: 'Key', cell: ({ key }) => <Visible text={key} /> },
  { title: 'State', cell: ({ state }) => <State state={state ?? 'cleared'} /> },
  { title: 'By', cell: ({ by }) => <Who text={whoText(by)} /> },
  { title: 'Ago', cell: ({ at }) => <Age since={at} />, kind: 'right' },
]

/** The signals, newest first. */
export const Signals = ({ activity, locked, filtered }: PanelProps) => {
  const { signals } = activity
  return (
    <Panel title="Signals" count={signals.length}>
      {signals.length > 0 ? (
        <Table
          caption="Signals with their senders and times, newest first"
          columns={COLUMNS}
          rows={signals.toReversed()}
          keyOf={({ id }) => id}
        />
      ) : (
        <div class="none">
          <p>
            {filtered
              ? 'No signal matches the filter.'
              : 'No signals yet. To signal that db is ready:'}
          </p>
          {filtered ? null : <CurlLine words={curlLine('/db', locked, '-X PUT')} />}
        </div>
      )}
    </Panel>
  )
}
