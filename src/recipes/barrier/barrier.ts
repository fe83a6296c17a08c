import { UsageError } from '../../base/errors.ts'
import { withDeadline } from '../core/deadline.ts'
import { checkKey } from '../core/keys.ts'
import type { Namespace } from '../core/namespace.ts'
import type { BarrierOptions } from './options.ts'
import { Party } from './party.ts'

/**
 * Waits until `parties` parties, including this one, have arrived at a barrier. Then all of them continue. Resolves to
 * the arrival index, 0 for the first party. A barrier can be used again at once.
 *
 * One commit decides which parties are released, so each party is counted once or not at all. A party whose session is
 * lost arrives again with a new session.
 * @throws ConflictError other parties wait at the barrier for another number of parties.
 * @throws TimeoutError the party was not released in time, and has withdrawn.
 * @throws LostError the barrier was cleared, or it can no longer be determined whether this party was released.
 * @throws IndeterminateError the party gave up, but could not withdraw. It may be counted until its session ends.
 */
export const barrier = (
  namespace: Namespace,
  name: string,
  parties: number,
  options: BarrierOptions = {},
): Promise<number> => {
  checkKey(name, 'barrier')
  if (!Number.isSafeInteger(parties) || parties < 1)
    throw new UsageError(`${parties} is not a number of parties: write an integer of at least 1`)
  return withDeadline(options, (signal) =>
    new Party(namespace, name, parties, options).meet(signal),
  )
}
