import type { Backend, Entry, Write } from '../backends/backend.ts'
import { absent, unchanged } from '../backends/operations.ts'
import { backoff } from '../backoff.ts'
import { IndeterminateError } from '../errors.ts'
import { whenAvailable } from './retry.ts'

/** A change of one key, as a function of what the key is. */
export interface Change<T> {
  readonly key: string
  /** From the key's current entry: what to write, and the answer if that is applied. May throw to refuse. */
  plan(entry: Entry | undefined): Promise<{ readonly writes: readonly Write[]; readonly answer: T }>
  /** Whether an entry shows that the change was applied. */
  appliedTo(entry: Entry | undefined): boolean
}

/**
 * Applies a change exactly once: read, then commit under the guard that the key is still what was read; refused, it
 * is planned anew. When no answer comes the key is looked up: while it is unchanged the guard makes a second sending
 * safe, for only one of the two can pass it.
 * @throws IndeterminateError the key has changed since, and whether by us cannot be known.
 */
export const applyChange = async <T>(
  backend: Backend,
  change: Change<T>,
  signal: AbortSignal | undefined,
): Promise<T> => {
  for (const pause of backoff()) {
    const entry = await whenAvailable(signal, () => backend.get(change.key, { signal }))
    const { writes, answer } = await whenAvailable(signal, () => change.plan(entry))
    if (await attempt(backend, change, entry, writes, signal)) return answer
    await pause(signal)
    signal?.throwIfAborted()
  }
  throw new Error('a backoff never ends')
}

/** Whether it was applied; if not, it may be tried again. */
const attempt = async (
  backend: Backend,
  change: Change<unknown>,
  entry: Entry | undefined,
  writes: readonly Write[],
  signal: AbortSignal | undefined,
): Promise<boolean> => {
  const guard = entry ? unchanged(change.key, entry.modRevision) : absent(change.key)
  try {
    const commit = () => backend.commit([guard], writes, { signal })
    return (await whenAvailable(signal, commit)).outcome === 'ok'
  } catch (error) {
    if (!(error instanceof IndeterminateError)) throw error
    const look = () => backend.get(change.key, { signal })
    const found = await whenAvailable(signal, look).catch(() => Promise.reject(error))
    if (change.appliedTo(found)) return true
    if (found?.modRevision === entry?.modRevision) return false
    throw error
  }
}
