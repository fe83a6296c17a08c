import type { WaitSpan } from '../../activity/protocol.ts'
import { visible } from '../model/text.ts'
import { whoText } from '../model/who.ts'
import { CurlLine, curlLine } from '../ui/curl-line.tsx'
import { Panel } from '../ui/panel.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Age } from '../ui/time.tsx'
import { Visible } from '../ui/visible.tsx'
import type { PanelProps } from './panel-props.ts'

const COLUMNS: readonly Column<WaitSpan>[] = [
  { title: 'For', cell: ({ target }) => <Visible text={target} /> },
  { title: 'Who', cell: ({ waiter }) => whoText(waiter) },
  { title: 'Short of', cell: ({ reason = '' }) => visible(reason), kind: 'long' },
  { title: 'Since', cell: ({ since }) => <Age since={since} />, kind: 'right' },
]

/** Who waits for what just now, the longest first. */
export const Waiting = ({ activity, locked, filtered }: PanelProps) => {
  const open = activity.waits.filter(({ until }) => until === undefined)
  return (
    <Panel title="Waiting" count={open.length + (filtered ? 0 : activity.unlisted)}>
      {open.length > 0 ? (
        <Table
          caption="Who waits for what, and since when"
          columns={COLUMNS}
          rows={open}
          keyOf={({ id }) => id}
        />
      ) : (
        <div class="none">
          <p>{filtered ? 'Nobody of those waits.' : 'Nobody waits. To wait until db is ready:'}</p>
          {filtered ? null : <CurlLine words={curlLine('/db', locked)} />}
        </div>
      )}
    </Panel>
  )
}
