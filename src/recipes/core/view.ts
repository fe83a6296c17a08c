import type { Backend, Change, Entry, WatchEvent } from '../../backends/backend.ts'
import type { CoordinationError } from '../../base/errors.ts'
import { beginSilence, explainSilence } from '../../base/outage.ts'
import { nowWaiting } from '../../base/waiting-mark.ts'

/** The entries of a scope, as far as they are known. */
export interface View {
  /** By full key. The map is reused: read it before you request the next view. */
  readonly entries: ReadonlyMap<string, Entry>
  /** The changes since the previous view. `undefined` after a snapshot, because anything may have changed. */
  readonly changes: readonly Change[] | undefined
  /** Why the store is out of reach. Absent if it is not. */
  readonly interrupted?: CoordinationError
}

/**
 * Follows a scope, and yields a view after each change. The call counts as waiting when its caller requests the second
 * view. Ends as the backend's `watch` does.
 */
export async function* follow(
  backend: Backend,
  scope: string,
  signal: AbortSignal,
): AsyncGenerator<View> {
  let entries = new Map<string, Entry>()
  for await (const event of eventsOf(backend, scope, signal)) {
    if (event.kind === 'interrupted') {
      yield { entries, changes: [], interrupted: event.cause }
    } else if (event.kind === 'snapshot') {
      entries = new Map(event.entries.map((entry) => [entry.key, entry]))
      yield { entries, changes: undefined }
    } else {
      for (const change of event.changes) apply(entries, change)
      yield { entries, changes: event.changes }
    }
  }
}

/** The events of a watch. Its store counts as silent until the first event, and while the watch is interrupted. */
async function* eventsOf(
  backend: Backend,
  scope: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  let silence = beginSilence()
  try {
    for await (const event of backend.watch(scope, signal)) {
      if (event.kind === 'interrupted') {
        silence ??= beginSilence()
        explainSilence(() => event.cause.message)
      } else {
        silence?.answered()
        silence = undefined
      }
      yield event
      nowWaiting(signal)
    }
  } finally {
    silence?.end()
  }
}

const apply = (entries: Map<string, Entry>, change: Change): void => {
  if (change.kind === 'put') entries.set(change.entry.key, change.entry)
  else entries.delete(change.key)
}
