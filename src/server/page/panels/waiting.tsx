import { visible } from '../model/text.ts'
import type { Waiting } from '../model/waiting.ts'
import { CurlLine, curlLine } from '../ui/curl-line.tsx'
import { Panel } from '../ui/panel.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Age } from '../ui/time.tsx'
import { useOpened } from '../ui/use-opened.ts'
import { Visible } from '../ui/visible.tsx'
import { Who } from '../ui/who.tsx'
import type { PanelProps } from './panel-props.ts'

/** Fewer equal waiters than this have a row each. */
const FEWEST = 4

/** A waiter, or the first of several waiters with the same target and the same reason. */
interface Row extends Waiting {
  /** All of these waiters, if there are several. */
  readonly several?: readonly Waiting[]
}

/** The current waiters and their targets, longest wait first. */
export const WaitingPanel = ({ activity, waiting, locked, filtered }: PanelProps) => {
  const [opened, setOpen] = useOpened()
  const rows = rowsOf(waiting, opened)
  return (
    <Panel title="Waiting" count={waiting.length + (filtered ? 0 : activity.unlisted)}>
      {rows.length > 0 ? (
        <Table
          caption="Waiters, their targets, and how long they have waited"
          columns={columnsOf(opened, setOpen)}
          rows={rows}
          keyOf={({ id, several }) => (several ? `all-${id}` : id)}
        />
      ) : (
        <div class="none">
          <p>
            {filtered ? 'No waiter matches the filter.' : 'No waiters. To wait until db is ready:'}
          </p>
          {filtered ? null : <CurlLine words={curlLine('/db', locked)} />}
        </div>
      )}
    </Panel>
  )
}

const columnsOf = (
  opened: ReadonlySet<string>,
  setOpen: (kind: string, open: boolean) => void,
): readonly Column<Row>[] => [
  { title: 'Waits for', cell: ({ target }) => <Visible text={target} /> },
  {
    title: 'Who',
    cell: (row) =>
      row.several ? (
        <button
          type="button"
          class="opener"
          aria-expanded={opened.has(kindOf(row))}
          onClick={() => setOpen(kindOf(row), !opened.has(kindOf(row)))}
        >
          {row.several.length.toLocaleString('en')} waiters
        </button>
      ) : (
        <Who text={row.who} />
      ),
  },
  { title: 'Reason', cell: ({ reason }) => visible(reason), kind: 'long' },
  {
    title: 'Waited',
    cell: ({ since }) => (since === undefined ? null : <Age since={since} />),
    kind: 'right',
  },
]

const kindOf = ({ target, reason }: Waiting): string => JSON.stringify([target, reason])

const rowsOf = (waiting: readonly Waiting[], opened: ReadonlySet<string>): Row[] =>
  [...Map.groupBy(waiting, kindOf)].flatMap(([kind, several]): Row[] => {
    const [first] = several
    if (!first || several.length < FEWEST) return several
    return [{ ...first, several }, ...(opened.has(kind) ? several : [])]
  })
