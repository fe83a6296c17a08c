import type { Entry } from '../backends/backend.ts'
import { compareKeys } from '../backends/scope.ts'
import { type Limits, withDeadline } from './deadline.ts'
import { whenAvailable } from './retry.ts'
import { allRecords, type SessionRecord } from './session-record.ts'
import { nameIn, prefixIn, type Space } from './space.ts'
import { follow } from './view.ts'

/** A signalled key. */
export interface Signal {
  readonly key: string
  readonly state: string
  /** Who holds it, or lets it expire; absent on a sticky key. */
  readonly holder?: SessionRecord | undefined
}

/** One line of a watched list. */
export type SignalEvent = Signal & { readonly event: 'join' | 'change' | 'leave' }

/** All signals of the namespace, or of one group and what is below it, in key order. */
export const list = (space: Space, group = '', limits: Limits = {}): Promise<Signal[]> => {
  const prefix = prefixIn(space, 'signal', group)
  return withDeadline(limits, async (signal) => {
    const read = () => space.backend.list(prefix, { signal })
    const { entries } = await whenAvailable({ signal }, read)
    const records = await whenAvailable({ signal }, () => allRecords(space, signal))
    return entries.map((entry) => describe(space, entry, records))
  })
}

/** What is there (each as a join), then every join, change of state and leave, until the signal aborts. */
export async function* watchList(
  space: Space,
  group: string,
  signal: AbortSignal,
): AsyncGenerator<SignalEvent> {
  let known = new Map<string, Signal>()
  for await (const view of follow(space.backend, prefixIn(space, 'signal', group), signal)) {
    if (view.interrupted) continue
    const records = await whenAvailable({ signal }, () => allRecords(space, signal))
    const current = new Map<string, Signal>()
    for (const key of [...view.entries.keys()].sort(compareKeys)) {
      const entry = view.entries.get(key)
      if (entry) current.set(key, describe(space, entry, records, known.get(key)))
    }
    yield* differences(known, current)
    known = current
  }
}

function* differences(
  known: ReadonlyMap<string, Signal>,
  current: ReadonlyMap<string, Signal>,
): Generator<SignalEvent> {
  for (const [key, signal] of known) {
    if (!current.has(key)) yield { event: 'leave', ...signal }
  }
  for (const [key, signal] of current) {
    const before = known.get(key)
    if (!before) yield { event: 'join', ...signal }
    else if (!same(before, signal)) yield { event: 'change', ...signal }
  }
}

const same = (a: Signal, b: Signal): boolean =>
  a.state === b.state && a.holder?.since === b.holder?.since && a.holder?.pid === b.holder?.pid

/** A holder's record may be gone before its key is seen to be: then what was known of it counts. */
const describe = (
  space: Space,
  entry: Entry,
  records: ReadonlyMap<string, SessionRecord>,
  before?: Signal,
): Signal => {
  const state = Buffer.from(entry.value).toString()
  const key = nameIn(space, 'signal', entry.key)
  if (entry.session === undefined) return { key, state }
  return { key, state, holder: records.get(entry.session) ?? before?.holder }
}
