import type { TimeoutError } from '../errors.ts'
import { similarName } from '../recipes/similar-names.ts'
import type { ServerContext } from './context.ts'

/** With more waiters than this hints are left out: they may all time out in the same moment. */
const CROWD = 500

/**
 * What may help somebody whose wait timed out: a key that exists and is written almost the same, else what the key or
 * the group was short of. Nothing, if nobody has signalled anything like it.
 */
export const hintFor = async (
  context: ServerContext,
  name: string,
  timeout: TimeoutError,
): Promise<string | undefined> => {
  if (context.open.size > CROWD) return undefined
  const reason = timeout.pending[0]?.reason
  if (reason !== undefined && reason !== 'not signalled') return reason
  const similar = await similarName(context.space, name).catch(() => undefined)
  return similar === undefined ? undefined : `/${similar} is signalled: did you mean that key?`
}
