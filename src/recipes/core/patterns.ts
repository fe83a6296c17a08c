import type { Kind } from '../kinds.ts'
import { keyIn, type Namespace } from './namespace.ts'
import { retryUntilAvailable } from './retry.ts'

/**
 * Whether the user may have meant a name as a pattern. No command accepts patterns, and these characters are ordinary
 * characters of a name.
 */
export const looksLikePattern = (name: string): boolean => /[*?]|\[[^\]]+\]/.test(name)

/** The group above the first part of a name that looks like a pattern: `deploy/` of `deploy/*`. `undefined` if none. */
export const groupAbovePattern = (name: string): string | undefined => {
  const parts = name.replace(/\/$/, '').split('/')
  const group = parts.slice(0, parts.findIndex(looksLikePattern)).join('/')
  return group === '' ? undefined : `${group}/`
}

/** The sentence for a user who may have meant a pattern. */
export const noPattern = (name: string, kind: Kind = 'signal'): string => {
  if (kind !== 'signal')
    return `"${name}" is used as a name, because patterns are not supported: rdv status prints all names`
  const group = groupAbovePattern(name)
  const instead = group ? `for all keys below ${group}, write ${group}` : 'rdv list prints all keys'
  return `"${name}" is used as a name, because patterns are not supported: ${instead}`
}

/**
 * The sentence of `noPattern`, to be appended to a message about an absent name. Empty if the name does not look like a
 * pattern.
 */
export const patternHint = (name: string): string =>
  looksLikePattern(name) ? `; ${noPattern(name)}` : ''

/** Those of the names that look like patterns and under which the store has no keys of these kinds. */
export const patternsAmong = async (
  namespace: Namespace,
  kinds: readonly Kind[],
  names: readonly string[],
  signal: AbortSignal,
): Promise<string[]> => {
  const patterns: string[] = []
  for (const name of names.filter(looksLikePattern)) {
    if (!(await isUsed(namespace, kinds, name.replace(/\/$/, ''), signal))) patterns.push(name)
  }
  return patterns
}

const isUsed = async (
  namespace: Namespace,
  kinds: readonly Kind[],
  name: string,
  signal: AbortSignal,
): Promise<boolean> => {
  for (const kind of kinds) {
    const key = keyIn(namespace, kind, name)
    if (await retryUntilAvailable({ signal }, () => namespace.backend.get(key, { signal })))
      return true
    const below = () => namespace.backend.list(`${key}/`, { signal, limit: 1 })
    if ((await retryUntilAvailable({ signal }, below)).entries.length > 0) return true
  }
  return false
}
