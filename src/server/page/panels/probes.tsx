import type { WaitSpan } from '../../activity/protocol.ts'
import { OUTCOMES, outcomeOf } from '../model/outcome.ts'
import { visible } from '../model/text.ts'
import { Panel } from '../ui/panel.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Age } from '../ui/time.tsx'
import { Visible } from '../ui/visible.tsx'

/** The waits for one address. */
interface Probe {
  readonly target: string
  readonly newest: WaitSpan
}

const COLUMNS: readonly Column<Probe>[] = [
  { title: 'Address', cell: ({ target }) => <Visible text={target} /> },
  { title: 'State', cell: ({ newest }) => <Outcome wait={newest} /> },
  {
    title: 'Last error',
    cell: ({ newest: { outcome, reason = '' } }) => outcome !== 'released' && visible(reason),
    kind: 'long',
  },
  {
    title: 'Ago',
    cell: ({ newest }) => <Age since={newest.until ?? newest.since} />,
    kind: 'right',
  },
]

const Outcome = ({ wait }: { wait: WaitSpan }) => {
  const outcome = outcomeOf(wait)
  const text = outcome === 'released' ? 'up' : OUTCOMES[outcome]
  return <span class={`badge ${outcome}`}>{text}</span>
}

/** The probed addresses, with their last errors. */
export const Probes = ({ waits }: { waits: readonly WaitSpan[] }) => {
  const probes = probesOf(waits)
  return (
    <Panel title="Probes" count={probes.length} minor>
      <Table
        caption="Probed addresses and their last errors"
        columns={COLUMNS}
        rows={probes}
        keyOf={({ target }) => target}
      />
    </Panel>
  )
}

/** Whether a wait is for one URL. A key never has two slashes in a row, and several targets are separated by commas. */
export const isProbe = ({ target }: WaitSpan): boolean =>
  target.includes('://') && !target.includes(', ')

const probesOf = (waits: readonly WaitSpan[]): Probe[] =>
  [...Map.groupBy(waits.filter(isProbe), ({ target }) => target)].map(([target, own]) => {
    const open = own.filter(({ until }) => until === undefined)
    const newest = open.at(-1) ?? own.at(-1) ?? own[0]
    return { target, newest: newest as WaitSpan }
  })
