import type { Backend, CallOptions, Entry, Write } from '../backends/backend.ts'
import { absent, unchanged } from '../backends/operations.ts'
import { backoff } from '../backoff.ts'
import { IndeterminateError } from '../errors.ts'
import { whenAvailable } from './retry.ts'

/** A change of one key, as a function of what the key is. */
export interface Change<T> {
  readonly key: string
  /** From the key's current entry: what to write, and the answer if that is applied. May throw to refuse. */
  plan(entry: Entry | undefined): Promise<Plan<T>>
  /** Whether an entry shows that the change was applied. */
  appliedTo(entry: Entry | undefined): boolean
}

interface Plan<T> {
  readonly writes: readonly Write[]
  readonly answer: T
}

/** A commit that was sent and not answered. */
interface Unanswered<T> {
  readonly entry: Entry | undefined
  readonly answer: T
  readonly error: IndeterminateError
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
  call: CallOptions,
): Promise<T> => {
  let unanswered: Unanswered<T> | undefined
  try {
    for (const pause of backoff()) {
      const entry = await whenAvailable(call, () => backend.get(change.key, call))
      if (unanswered && entry?.modRevision !== unanswered.entry?.modRevision) {
        if (change.appliedTo(entry)) return unanswered.answer
        throw unanswered.error
      }
      const { writes, answer } = await whenAvailable(call, () => change.plan(entry))
      const result = await attempt(backend, change.key, entry, writes, call)
      if (result === 'applied') return answer
      if (result !== 'refused') unanswered = { entry, answer, error: result }
      await pause(call.signal)
      call.signal?.throwIfAborted()
    }
  } catch (error) {
    // Whatever keeps us from finding out: what was sent may have been applied.
    throw unanswered?.error ?? error
  }
  throw new Error('a backoff never ends')
}

const attempt = async (
  backend: Backend,
  key: string,
  entry: Entry | undefined,
  writes: readonly Write[],
  call: CallOptions,
): Promise<'applied' | 'refused' | IndeterminateError> => {
  const guard = entry ? unchanged(key, entry.modRevision) : absent(key)
  try {
    const commit = () => backend.commit([guard], writes, call)
    return (await whenAvailable(call, commit)).outcome === 'ok' ? 'applied' : 'refused'
  } catch (error) {
    if (error instanceof IndeterminateError) return error
    throw error
  }
}
