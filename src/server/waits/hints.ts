import type { TimeoutError } from '../../base/errors.ts'
import { similarName } from '../../recipes/core/similar-names.ts'
import type { ServerContext } from '../context.ts'

/** With more open requests than this there are no hints, because all of them may time out at the same moment. */
const MAX_WAITERS = 500

/**
 * Returns a hint for a client whose wait timed out: what the key or the group was missing, or else the name of a
 * signalled key that is written almost the same. Returns `undefined` if there is neither.
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
