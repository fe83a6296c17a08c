import { UsageError } from '../../base/errors.ts'
import { withDeadline } from '../core/deadline.ts'
import { checkKey } from '../core/keys.ts'
import type { Namespace } from '../core/namespace.ts'
import type { BarrierOptions } from './options.ts'
import { Party } from './party.ts'

/**
 * Waits until so many parties have arrived at a barrier, this one included; then all of them go on. Resolves to the
 * arrival index, 0 for the first. A barrier can be used again at once.
 *
 * Who is released is decided by one commit, so each party is counted once or not at all. A party whose session is lost
 * arrives again with a new one.
 * @throws ConflictError others wait there for another number of parties.
 * @throws TimeoutError it was not released in time, and has withdrawn.
 * @throws LostError the barrier was cleared, or it cannot be known any more whether this party was released.
 * @throws IndeterminateError it gave up, but could not withdraw: it may be counted until its session ends.
 */
export const barrier = (
  namespace: Namespace,
  name: string,
  parties: number,
  options: BarrierOptions = {},
): Promise<number> => {
  checkKey(name, 'barrier')
  if (!Number.isSafeInteger(parties) || parties < 1)
    throw new UsageError(`${parties} is not a number of parties: give an integer of at least 1`)
  return withDeadline(options, (signal) =>
    new Party(namespace, name, parties, options).meet(signal),
  )
}
