import { remove } from '../backends/operations.ts'
import { type Limits, withDeadline } from './deadline.ts'
import { checkKey, KINDS, type Kind } from './keys.ts'
import { whenAvailable } from './retry.ts'
import type { Space } from './space.ts'

export interface ClearOptions extends Limits {
  /** Also everything below each name. */
  readonly recursive?: boolean | undefined
  /** Also the counter, topic and every other recipe's things of each name. */
  readonly all?: boolean | undefined
}

/** Of a session only its holder disposes, and it goes with it. What is kept of ids is what keeps them unique. */
const CLEARABLE = KINDS.filter((kind) => kind !== 'session' && kind !== 'id')

/** What is cleared of a name. */
export const clearedKinds = ({ all }: ClearOptions): readonly Kind[] =>
  all ? CLEARABLE : ['signal']

/**
 * The names as they are in keys: with `recursive` or `all`, `deploy/` and `deploy` mean the same.
 * @throws UsageError one is malformed.
 */
export const checkNames = (names: readonly string[], options: ClearOptions = {}): string[] =>
  names.map((name) => checkKey(reaches(options) ? name.replace(/\/$/, '') : name))

const reaches = ({ recursive, all }: ClearOptions): boolean => Boolean(recursive || all)

/** Removes the signals of these names. Absent ones are no error. */
export const clear = (
  { backend, namespace }: Space,
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
        const found = below ? await keysBelow(`${key}/`, signal) : []
        await removeAll([key, ...found], signal)
      }
    }
  })

  async function keysBelow(prefix: string, signal: AbortSignal): Promise<string[]> {
    const { entries } = await whenAvailable({ signal }, () => backend.list(prefix, { signal }))
    return entries.map(({ key }) => key)
  }

  /** In commits of a size that every store takes, however long the keys are. */
  async function removeAll(keys: readonly string[], signal: AbortSignal): Promise<void> {
    const size = Math.min(backend.traits.maxCommitOperations, 50)
    for (let at = 0; at < keys.length; at += size) {
      const writes = keys.slice(at, at + size).map(remove)
      await whenAvailable({ signal }, () => backend.commit([], writes, { signal }))
    }
  }
}
