import { nameIn } from '../core/namespace.ts'
import { READY } from '../signal.ts'
import { grouped, holderIn, type Sources, type StatusRow, textOf } from './row.ts'

/**
 * Signals that are held or will expire, and groups with the number of their ready members. `list` shows sticky signals.
 */
export const signalRows = (sources: Sources): StatusRow[] => {
  const signals = sources.entries.map((entry) => ({
    name: nameIn(sources.namespace, 'signal', entry.key),
    state: textOf(entry),
    session: entry.lease,
  }))
  const held = signals
    .filter(({ session: lease }) => lease !== undefined)
    .map(({ name, state, session: lease }) => ({
      kind: 'signal' as const,
      name,
      state,
      holder: holderIn(sources, lease),
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
