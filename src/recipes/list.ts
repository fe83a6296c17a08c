import type { Entry } from '../backends/backend.ts'
import { compareKeys } from '../backends/watch/scope.ts'
import { type Limits, withDeadline } from './core/deadline.ts'
import { type Namespace, nameIn, prefixIn } from './core/namespace.ts'
import { retryUntilAvailable } from './core/retry.ts'
import { allRecords, type SessionRecord } from './core/session-record.ts'
import { follow } from './core/view.ts'

/** A signalled key. */
export interface Signal {
  readonly key: string
  readonly state: string
  /** The session that holds the key or lets it expire. Absent on a sticky key. */
  readonly holder?: SessionRecord | undefined
}

/** One line of a watched list. */
export type SignalEvent = Signal & { readonly event: 'join' | 'change' | 'leave' }

/** All signals of the namespace, or those below a group at any depth, in key order. */
export const list = (namespace: Namespace, group = '', limits: Limits = {}): Promise<Signal[]> => {
  const prefix = prefixIn(namespace, 'signal', group)
  return withDeadline(limits, async (signal) => {
    const read = () => namespace.backend.list(prefix, { signal })
    const { entries } = await retryUntilAvailable({ signal }, read)
    const records = await retryUntilAvailable({ signal }, () => allRecords(namespace, signal))
    return entries.map((entry) => describe(namespace, entry, records))
  })
}

/** Yields a join for each existing signal, then every join, change of state and leave, until the signal aborts. */
export async function* watchList(
  namespace: Namespace,
  group: string,
  signal: AbortSignal,
): AsyncGenerator<SignalEvent> {
  let known = new Map<string, Signal>()
  for await (const view of follow(
    namespace.backend,
    prefixIn(namespace, 'signal', group),
    signal,
  )) {
    if (view.interrupted) continue
    const records = await retryUntilAvailable({ signal }, () => allRecords(namespace, signal))
    const current = new Map<string, Signal>()
    for (const key of [...view.entries.keys()].sort(compareKeys)) {
      const entry = view.entries.get(key)
      if (entry) current.set(key, describe(namespace, entry, records, known.get(key)))
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

/** A holder's record may be removed before its key. Then the record that was read before is used. */
const describe = (
  namespace: Namespace,
  entry: Entry,
  records: ReadonlyMap<string, SessionRecord>,
  before?: Signal,
): Signal => {
  const state = Buffer.from(entry.value).toString()
  const key = nameIn(namespace, 'signal', entry.key)
  if (entry.lease === undefined) return { key, state }
  return { key, state, holder: records.get(entry.lease) ?? before?.holder }
}
