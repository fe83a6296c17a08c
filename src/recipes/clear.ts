import type { Backend, Entry } from '../backends/backend.ts'
import { remove, unchanged } from '../backends/operations.ts'
import { commitUntilAnswered } from './core/commit.ts'
import { type Limits, withDeadline } from './core/deadline.ts'
import { checkKey } from './core/keys.ts'
import type { Namespace } from './core/namespace.ts'
import { retry, retryUntilAvailable } from './core/retry.ts'
import { KINDS, type Kind, traitsOf } from './kinds.ts'

export interface ClearOptions extends Limits {
  /** Also clears everything below each name. */
  readonly recursive?: boolean | undefined
  /**
   * Also clears the counter, the topic and all other keys of recipes with these names, and everything below the names.
   */
  readonly all?: boolean | undefined
}

const CLEARABLE = KINDS.filter((kind) => traitsOf(kind).clearable)

/** The kinds of keys that are cleared for each name. */
export const clearedKinds = ({ all }: ClearOptions): readonly Kind[] =>
  all ? CLEARABLE : ['signal']

/**
 * The names as they occur in keys. With `recursive` or `all`, a trailing slash is removed: `deploy/` means `deploy`.
 * @throws UsageError a name is malformed.
 */
export const checkNames = (names: readonly string[], options: ClearOptions = {}): string[] =>
  names.map((name) => checkKey(reaches(options) ? name.replace(/\/$/, '') : name))

const reaches = ({ recursive, all }: ClearOptions): boolean => Boolean(recursive || all)

/** Removes the signals of these names, or with `all` all of their keys. Absent keys are not an error. */
export const clear = (
  { backend, name: namespace }: Namespace,
  names: readonly string[],
  options: ClearOptions = {},
): Promise<void> => {
  const kinds = clearedKinds(options)
  const below = reaches(options)
  const bare = checkNames(names, options)
  return withDeadline(options, async (signal) => {
    for (const name of bare) {
      for (const kind of kinds) {
        const key = `${namespace}/${kind}/${name}`
        await removeAll(backend, await entriesOf(backend, key, below, signal), signal)
      }
    }
  })
}

const entriesOf = async (
  backend: Backend,
  key: string,
  below: boolean,
  signal: AbortSignal,
): Promise<Entry[]> => {
  const own = await retryUntilAvailable({ signal }, () => backend.get(key, { signal }))
  if (!below) return own ? [own] : []
  const { entries } = await retryUntilAvailable({ signal }, () =>
    backend.list(`${key}/`, { signal }),
  )
  return own ? [own, ...entries] : [...entries]
}

/** Removes entries in commits that fit into every store, even with the longest keys. */
const removeAll = async (
  backend: Backend,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<void> => {
  const size = Math.min(Math.floor(backend.traits.maxCommitOperations / 2), 50)
  for (let at = 0; at < entries.length; at += size) {
    await removeBatch(backend, entries.slice(at, at + size), signal)
  }
}

/**
 * Removes each key only if it is unchanged since it was read. So a copy of the commit that arrives late, or is sent
 * again after a lost answer, does not remove a key that was set meanwhile.
 */
const removeBatch = async (
  backend: Backend,
  batch: readonly Entry[],
  signal: AbortSignal,
): Promise<void> => {
  let left = batch
  await retry({ signal }, async () => {
    const preconditions = left.map(({ key, modRevision }) => unchanged(key, modRevision))
    const writes = left.map(({ key }) => remove(key))
    const { result, unanswered } = await commitUntilAnswered(backend, preconditions, writes, {
      signal,
    })
    if (result.outcome === 'ok') return true
    const now = result.entries
    // If an answer was lost, a key that has changed was removed, and then set again by another client.
    left = unanswered ? left.filter((entry) => now.some(isSame(entry))) : now
    return left.length === 0 || undefined
  })
}

const isSame = (one: Entry) => (other: Entry) =>
  one.key === other.key && one.modRevision === other.modRevision
