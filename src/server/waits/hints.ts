import type { TimeoutError } from '../../base/errors.ts'
import { similarName } from '../../recipes/core/similar-names.ts'
import type { ServerContext } from '../context.ts'

/** With more waiters than this hints are left out: they may all time out in the same moment. */
const MAX_WAITERS = 500

/**
 * What may help somebody whose wait timed out: a key that exists and is written almost the same, else what the key or
 * the group was short of. Nothing, if nobody has signalled anything like it.
 */
export const hintFor = async (
  context: ServerContext,
  name: string,
  timeout: TimeoutError,
): Promise<string | undefined> => {
  if (context.open.size > MAX_WAITERS) return undefined
  const reason = timeout.pending[0]?.reason
  if (reason !== undefined && reason !== 'not signalled') return reason
  const similar = await similarName(context.namespace, name).catch(() => undefined)
  return similar === undefined ? undefined : `/${similar} is signalled: did you mean that key?`
}
