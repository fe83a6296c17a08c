import type { Entry } from '../../backends/backend.ts'
import { nameIn } from '../core/namespace.ts'
import { parseOnceRecord } from '../once/once-record.ts'
import { grouped, holderIn, type Sources, type StatusRow, textOf } from './row.ts'

/** The rows of kinds with one key for each thing: counters and wait groups. */
export const valueRows = (
  kind: 'counter' | 'waitgroup',
  { namespace, entries }: Sources,
): StatusRow[] =>
  entries.map((entry) => ({ kind, name: nameIn(namespace, kind, entry.key), state: textOf(entry) }))

/** The steps that were done once and whose records are kept. */
export const doneRows = (sources: Sources): StatusRow[] =>
  sources.entries
    .filter(({ key, lease }) => lease === undefined || !key.endsWith(`/${lease}`))
    .map((entry) => ({
      kind: 'once',
      name: nameIn(sources.namespace, 'once', entry.key),
      state: 'done',
      holder: holderIn(sources, entry.lease) ?? doneBy(entry),
    }))

const doneBy = (entry: Entry): StatusRow['holder'] => {
  const { host, pid, at } = parseOnceRecord(entry)
  return host !== undefined && at !== undefined ? { host, pid, since: at } : undefined
}

/** Barriers at which parties wait, and these parties in the order of their arrival. */
export const barrierRows = (sources: Sources): StatusRow[] => {
  const { namespace, entries } = sources
  const generations = new Map(
    entries.map((entry) => [nameIn(namespace, 'barrier', entry.key), entry]),
  )
  const arrivals = grouped(entries, ({ key, lease }) => {
    const [, name, generation, last] =
      /^(.+)\/(\d+)\/([^/]+)$/.exec(nameIn(namespace, 'barrier', key)) ?? []
    if (lease === undefined || last !== lease || name === undefined) return undefined
    return generationOf(generations.get(name)) === Number(generation) ? name : undefined
  })
  return [...arrivals].flatMap(([name, members]) => arrivalRows(name, members, sources))
}

const arrivalRows = (name: string, members: readonly Entry[], sources: Sources): StatusRow[] => {
  const [first] = members
  const state = `${members.length} of ${first ? textOf(first) : '?'} arrived`
  const inOrder = [...members].sort((a, b) => a.createRevision - b.createRevision)
  const waits = inOrder.map(({ lease }) => ({
    kind: 'barrier' as const,
    name,
    state: 'waits',
    holder: holderIn(sources, lease),
  }))
  return [{ kind: 'barrier', name, state }, ...waits]
}

const generationOf = (entry: Entry | undefined): number | undefined => {
  try {
    return entry && (JSON.parse(textOf(entry)) as { generation?: number }).generation
  } catch {
    return undefined
  }
}
