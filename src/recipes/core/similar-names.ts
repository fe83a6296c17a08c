import { mostSimilar } from '../../base/similar.ts'
import { keyIn, type Namespace, nameIn, prefixIn } from './namespace.ts'

/** So many keys are looked at for a likely typo. */
const MAX_COMPARED = 1_000

/**
 * The signalled key that was most likely meant by a name, or for `deploi/` the group, if one is that near.
 * @throws UnavailableError the store is out of reach.
 */
export const similarName = async (
  namespace: Namespace,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> => {
  const listing = await namespace.backend.list(prefixIn(namespace, 'signal'), {
    signal,
    limit: MAX_COMPARED,
  })
  const names = listing.entries.map((entry) => nameIn(namespace, 'signal', entry.key))
  const candidates = name.endsWith('/') ? new Set(names.map(groupOf)) : new Set(names)
  const others = [...candidates].filter((other) => other !== name && !other.startsWith(`${name}/`))
  return mostSimilar(name, others)
}

/**
 * The group `deploy/` where there is no key `deploy`, and the key where the group has no member; `undefined` where both or
 * neither are there.
 * @throws UnavailableError the store is out of reach.
 */
export const counterpart = async (
  namespace: Namespace,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> => {
  const key = name.replace(/\/$/, '')
  const group = `${key}/`
  const { entries } = await namespace.backend.list(prefixIn(namespace, 'signal', group), {
    signal,
    limit: 1,
  })
  const isThere =
    (await namespace.backend.get(keyIn(namespace, 'signal', key), { signal })) !== undefined
  if (isThere === entries.length > 0) return undefined
  const other = isThere ? key : group
  return other === name ? undefined : other
}

/** `deploy/` of `deploy/node1`. */
const groupOf = (name: string): string => name.slice(0, name.lastIndexOf('/') + 1)
