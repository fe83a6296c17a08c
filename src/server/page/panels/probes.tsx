import type { WaitSpan } from '../../activity/protocol.ts'
import { visible } from '../model/text.ts'
import { Panel } from '../ui/panel.tsx'
import { type Column, Table } from '../ui/table.tsx'
import { Age } from '../ui/time.tsx'
import { Visible } from '../ui/visible.tsx'
import { OUTCOMES } from '../waterfall/bars.ts'

/** The waits for one address. */
interface Probe {
  readonly target: string
  readonly newest: WaitSpan
  readonly open: number
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

const Outcome = ({ wait: { outcome } }: { wait: WaitSpan }) =>
  outcome === 'released' ? (
    <span class="badge released">up</span>
  ) : (
    <span class={`badge ${outcome ?? 'waiting'}`}>{OUTCOMES[outcome ?? 'waiting']}</span>
  )

/** Addresses that are looked at, and what was wrong with them last. */
export const Probes = ({ waits }: { waits: readonly WaitSpan[] }) => {
  const probes = probesOf(waits)
  return (
    <Panel title="Probes" count={probes.length}>
      <Table
        caption="Addresses that are waited for, and their last errors"
        columns={COLUMNS}
        rows={probes}
        keyOf={({ target }) => target}
      />
    </Panel>
  )
}

/** It waits for a URL: no key has two slashes in a row. */
export const isProbe = ({ target }: WaitSpan): boolean => target.includes('://')

const probesOf = (waits: readonly WaitSpan[]): Probe[] =>
  [...Map.groupBy(waits.filter(isProbe), ({ target }) => target)].map(([target, own]) => {
    const open = own.filter(({ until }) => until === undefined)
    const newest = open.at(-1) ?? own.at(-1) ?? own[0]
    return { target, newest: newest as WaitSpan, open: open.length }
  })
