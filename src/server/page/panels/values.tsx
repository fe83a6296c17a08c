import type { StatusRow } from '../../../recipes/status/row.ts'
import { Panel } from '../ui/panel.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Visible } from '../ui/visible.tsx'

interface ValuesProps {
  readonly title: string
  readonly caption: string
  readonly rows: readonly StatusRow[]
}

const COLUMNS: readonly Column<StatusRow>[] = [
  { title: 'Name', cell: ({ name }) => <Visible text={name} /> },
  {
    title: 'Value',
    cell: ({ state }) => <span class="value">{valueText(state)}</span>,
    kind: 'right',
  },
]

/** Formats the value of a wait group: `2 pending of 5 added`. */
const valueText = (state: string): string => {
  const [, pending, added] = /^pending=(\d+) added=(\d+)$/.exec(state) ?? []
  return added === undefined ? state : `${pending} pending of ${added} added`
}

/** Objects that have a value: counters and wait groups. */
export const Values = ({ title, caption, rows }: ValuesProps) => (
  <Panel title={title} count={rows.length} minor>
    <Table caption={caption} columns={COLUMNS} rows={rows} keyOf={({ name }) => name} />
  </Panel>
)
