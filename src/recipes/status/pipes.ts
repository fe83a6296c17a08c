import { type PipeKey, parsePipeKey } from '../pipe/names.ts'
import { grouped, holderIn, type Sources, type StatusRow, textOf } from './row.ts'

/** Pipes with their senders, their groups and addresses, and the members. */
export const pipeRows = (sources: Sources): StatusRow[] => {
  const parts = sources.entries
    .map((entry) => ({ entry, ...parsePipeKey(sources.namespace, entry.key) }))
    .filter(({ part }) => part !== 'ended')
    .sort((a, b) => rankOf(a) - rankOf(b))
  return [...grouped(parts, ({ pipe, group = '' }) => `${pipe}/${group}`).values()].flatMap((one) =>
    one.map(({ entry, pipe, group, part }) => ({
      kind: 'pipe',
      name: group === undefined ? pipe : `${pipe}/${group}`,
      state: part === 'member' ? 'receives' : part === 'url' ? textOf(entry) : 'sends',
      holder: holderIn(sources, entry.lease),
    })),
  )
}

/** The sender, then groups, each with its address first. */
const rankOf = ({ part }: PipeKey): number => ['url', 'member'].indexOf(part ?? '')
