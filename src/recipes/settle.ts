import type { Backend, CommitResult, Guard, Write } from '../backends/backend.ts'
import { backoff } from '../backoff.ts'
import { IndeterminateError, LeaseGoneError } from '../errors.ts'
import { whenAvailable } from './retry.ts'

export interface Settled {
  readonly result: CommitResult
  /** Why a refusal does not say that nothing was written: a copy that was not answered may have passed before. */
  readonly unanswered?: IndeterminateError | undefined
}

/**
 * Sends a commit again until it is answered. For commits whose guards do not hold any more once it was applied, so
 * that of all the copies one at most can pass; and once one is refused, none can.
 * @throws IndeterminateError the signal aborted before an answer came.
 * @throws LeaseGoneError a session is gone, and with it whatever a copy may have bound to it.
 */
export const settle = async (
  backend: Backend,
  guards: readonly Guard[],
  writes: readonly Write[],
  signal: AbortSignal | undefined,
): Promise<Settled> => {
  let unanswered: IndeterminateError | undefined
  for (const pause of backoff()) {
    try {
      const commit = () => backend.commit(guards, writes, { signal })
      return { result: await whenAvailable({ signal }, commit), unanswered }
    } catch (error) {
      if (error instanceof LeaseGoneError) throw error
      if (!(error instanceof IndeterminateError)) throw unanswered ?? error
      unanswered = error
    }
    await pause(signal)
    if (signal?.aborted) throw unanswered
  }
  throw new Error('a backoff never ends')
}
