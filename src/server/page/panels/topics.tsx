import type { StatusRow } from '../../../recipes/status/row.ts'
import { Panel } from '../ui/panel.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { useNow, useSession } from '../ui/use-session.ts'
import { Visible } from '../ui/visible.tsx'

const Rate = ({ name }: { name: string }) => {
  const now = useNow(1_000)
  const rate = useSession().rates.of(name, now)
  if (rate === undefined) return <span class="quiet">…</span>
  return <span class={rate > 0 ? 'value' : 'quiet'}>{rateText(rate)}</span>
}

const rateText = (rate: number): string =>
  `${rate > 0 && rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en')}/s`

const COLUMNS: readonly Column<StatusRow>[] = [
  { title: 'Topic', cell: ({ name }) => <Visible text={name} /> },
  { title: 'Kept', cell: ({ state }) => state.replace(/^messages /, '') },
  { title: 'Rate', cell: ({ name }) => <Rate name={name} />, kind: 'right' },
]

/** Topics, with their stored messages and their rates of new messages. */
export const Topics = ({ rows }: { rows: readonly StatusRow[] }) => (
  <Panel title="Topics" count={rows.length} minor>
    <Table
      caption="Topics, their stored messages, and new messages per second"
      columns={COLUMNS}
      rows={rows}
      keyOf={({ name }) => name}
    />
  </Panel>
)
