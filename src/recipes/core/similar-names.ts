import { mostSimilar } from '../../base/similar.ts'
import { keyIn, type Namespace, nameIn, prefixIn } from './namespace.ts'

/** The number of keys that are compared with a likely typo. */
const MAX_COMPARED = 1_000

/**
 * The signalled key that is most similar to a name, or the most similar group if the name is one (`deploi/`).
 * `undefined` if none is similar enough.
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
 * The group `deploy/` if the name is `deploy` and only the group exists; the key `deploy` if the name is `deploy/` and
 * only the key exists. Otherwise `undefined`.
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
