import { type PipeKey, parsePipeKey } from '../pipe/names.ts'
import { grouped, holderIn, type Sources, type StatusRow, textOf } from './row.ts'

/** The rows of pipes: their senders, the groups with their addresses, and the members. */
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

/** Sorts the sender's own key first, then the address of a group, then its members. */
const rankOf = ({ part }: PipeKey): number => ['url', 'member'].indexOf(part ?? '')
