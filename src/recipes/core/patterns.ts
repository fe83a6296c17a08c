import type { Kind } from '../kinds.ts'
import { keyIn, type Namespace } from './namespace.ts'
import { retryUntilAvailable } from './retry.ts'

/**
 * Whether a name may have been meant as a pattern. No command takes one, and these characters are characters of a name
 * like others.
 */
export const looksLikePattern = (name: string): boolean => /[*?]|\[[^\]]+\]/.test(name)

/** The group above the first part of a name that looks like a pattern, if any: `deploy/` of `deploy/*`. */
export const groupAbovePattern = (name: string): string | undefined => {
  const parts = name.replace(/\/$/, '').split('/')
  const group = parts.slice(0, parts.findIndex(looksLikePattern)).join('/')
  return group === '' ? undefined : `${group}/`
}

/** A sentence for one who may have meant a pattern. */
export const noPattern = (name: string, kind: Kind = 'signal'): string => {
  if (kind !== 'signal')
    return `"${name}" is used as a name, because patterns are not supported: rdv status prints all names`
  const group = groupAbovePattern(name)
  const instead = group ? `for all keys below ${group}, write ${group}` : 'rdv list prints all keys'
  return `"${name}" is used as a name, because patterns are not supported: ${instead}`
}

/** The same behind what was said of an absent name; nothing for one that looks like no pattern. */
export const patternHint = (name: string): string =>
  looksLikePattern(name) ? `; ${noPattern(name)}` : ''

/** Of names, those that look like patterns, and are the name of nothing of these kinds. */
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
