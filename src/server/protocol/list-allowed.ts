import type { Backend, CallOptions, Entry, Listing } from '../../backends/backend.ts'
import type { KeyPolicy } from './key-policy.ts'

interface Range extends CallOptions {
  readonly after?: string
  readonly limit?: number
}

/**
 * Lists a scope. If the scope may contain keys that clients may not use, lists only the others, page by page until
 * there are as many as wanted.
 */
export const listAllowed = async (
  backend: Backend,
  keyPolicy: KeyPolicy,
  scope: string,
  range: Range,
): Promise<Listing> => {
  if (!keyPolicy.isWide(scope)) return backend.list(scope, range)
  const { limit } = range
  if (limit === undefined) return keyPolicy.onlyAllowed(await backend.list(scope, range))
  const entries: Entry[] = []
  for (let after = range.after; ; ) {
    const page = await backend.list(scope, { ...range, after })
    entries.push(...keyPolicy.onlyAllowed(page).entries)
    after = page.entries.at(-1)?.key
    const last = page.entries.length < limit
    if (last || entries.length >= limit) {
      return { entries: entries.slice(0, limit), revision: page.revision }
    }
  }
}
