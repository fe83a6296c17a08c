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
  { title: 'Value', cell: ({ state }) => <span class="value">{state}</span>, kind: 'right' },
]

/** Things that are a value: counters and wait groups. */
export const Values = ({ title, caption, rows }: ValuesProps) => (
  <Panel title={title} count={rows.length}>
    <Table caption={caption} columns={COLUMNS} rows={rows} keyOf={({ name }) => name} />
  </Panel>
)
