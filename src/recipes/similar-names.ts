import { mostSimilar } from '../similar.ts'
import { nameIn, prefixIn, type Space } from './space.ts'

/** So many keys are looked at for a likely typo. */
const LOOKED_AT = 1_000

/** The signalled key that was most likely meant by a name, if one is that near. */
export const similarName = async (
  space: Space,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> => {
  const listing = await space.backend.list(prefixIn(space, 'signal'), { signal, limit: LOOKED_AT })
  const names = listing.entries.map((entry) => nameIn(space, 'signal', entry.key))
  return mostSimilar(
    name,
    names.filter((other) => other !== name),
  )
}
