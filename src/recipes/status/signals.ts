import { READY } from '../signal.ts'
import { nameIn } from '../space.ts'
import { grouped, holderIn, type Sources, type StatusRow, textOf } from './row.ts'

/** Signals that are held or expire, and groups with how many of them are ready. What is sticky, `list` tells. */
export const signalRows = (sources: Sources): StatusRow[] => {
  const signals = sources.entries.map((entry) => ({
    name: nameIn(sources.space, 'signal', entry.key),
    state: textOf(entry),
    session: entry.session,
  }))
  const held = signals
    .filter(({ session }) => session !== undefined)
    .map(({ name, state, session }) => ({
      kind: 'signal' as const,
      name,
      state,
      holder: holderIn(sources, session),
    }))
  const groups = grouped(signals, ({ name }) => groupOf(name))
  return [...held, ...[...groups].map(([name, members]) => groupRow(name, members))]
}

/** `deploy/` of `deploy/node1`. */
const groupOf = (name: string): string | undefined =>
  name.includes('/') ? name.slice(0, name.lastIndexOf('/') + 1) : undefined

const groupRow = (name: string, members: readonly { state: string }[]): StatusRow => {
  const ready = members.filter(({ state }) => state === READY).length
  return { kind: 'group', name, state: `${ready} of ${members.length} ${READY}` }
}
