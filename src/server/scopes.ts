import type { Entry, Listing, WatchEvent } from '../backends/backend.ts'
import { keyOf } from '../backends/watch-queue.ts'
import { UsageError } from '../errors.ts'
import { KINDS } from '../recipes/keys.ts'

const LONGEST = 1_024

const kinds: ReadonlySet<string> = new Set(KINDS)

/** Whether it is `<namespace>/<kind>/<name>`: the store may hold other programs' keys, which are not for our clients. */
const isOurs = (key: string): boolean => {
  const segments = key.split('/')
  return segments.some((segment, at) => at > 0 && at < segments.length - 1 && kinds.has(segment))
}

/** @throws UsageError a client may not touch such a key. */
export const checkFullKey = (key: string): string => {
  if (!isWellFormed(key) || !isOurs(key)) throw refusal(key)
  return key
}

/**
 * A key, or a prefix with a trailing slash. A prefix above the kinds is allowed: see `onlyOurs`.
 * @throws UsageError likewise.
 */
export const checkScope = (scope: string): string => {
  if (!scope.endsWith('/')) return checkFullKey(scope)
  if (!isWellFormed(scope.slice(0, -1))) throw refusal(scope)
  return scope
}

/** Whether a scope may hold keys of others. */
export const isWide = (scope: string): boolean => scope.endsWith('/') && !isOurs(scope)

const isWellFormed = (key: string): boolean =>
  Buffer.byteLength(key) <= LONGEST &&
  key.isWellFormed() &&
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  !/[\u0000-\u001f\u007f]/.test(key) &&
  key.split('/').every((segment) => segment !== '' && segment !== '.' && segment !== '..')

const refusal = (key: string): UsageError =>
  new UsageError(`${JSON.stringify(key.slice(0, 80))} is no key of the form NAMESPACE/KIND/NAME`)

const ours = (entries: readonly Entry[]): Entry[] => entries.filter(({ key }) => isOurs(key))

export const onlyOurs = (listing: Listing): Listing => ({
  ...listing,
  entries: ours(listing.entries),
})

/** The events of a watch, without what they tell of others' keys. */
export async function* onlyOurEvents(
  events: AsyncIterable<WatchEvent>,
): AsyncGenerator<WatchEvent> {
  for await (const event of events) {
    if (event.kind === 'snapshot') yield { ...event, entries: ours(event.entries) }
    else if (event.kind === 'interrupted') yield event
    else {
      const changes = event.changes.filter((change) => isOurs(keyOf(change)))
      if (changes.length > 0) yield { kind: 'changes', changes }
    }
  }
}
