import type { TimeoutError } from '../errors.ts'
import { nameIn, prefixIn } from '../recipes/space.ts'
import { mostSimilar } from '../similar.ts'
import type { ServerContext } from './context.ts'

/** So many keys are compared. */
const COMPARED = 200

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
  const similar = mostSimilar(name, await existingKeys(context))
  return similar === undefined ? undefined : `/${similar} is signalled: was that meant?`
}

const existingKeys = async ({ space }: ServerContext): Promise<string[]> => {
  const prefix = prefixIn(space, 'signal')
  const { entries } = await space.backend
    .list(prefix, { limit: COMPARED })
    .catch(() => ({ entries: [] }))
  return entries.map(({ key }) => nameIn(space, 'signal', key))
}
