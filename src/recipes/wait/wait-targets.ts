import { type AnnounceOptions, announcing, type Ended } from '../announcement.ts'
import { READY } from '../signal.ts'
import type { Space } from '../space.ts'
import type { Condition } from './condition.ts'
import type { LazySpace } from './stored-condition.ts'
import { parseTarget, type TargetOptions } from './target.ts'
import { type WaitOptions, waitFor } from './wait.ts'

/** As `WaitOptions`, with the targets as text: `db`, `db=migrated`, `deploy/`, `tcp://db:5432`. */
export interface WaitTargetsOptions
  extends Omit<WaitOptions, 'failIf' | 'announce'>,
    TargetOptions,
    AnnounceOptions {
  readonly failIf?: readonly string[] | undefined
}

/**
 * Waits until every target holds. The space may be a function that opens it; it is called only if a target needs it.
 * @throws as `waitFor` does, and UsageError for a malformed target.
 */
export const wait = async (
  space: Space | LazySpace,
  targets: string | readonly string[],
  options: WaitTargetsOptions = {},
): Promise<void> => {
  const lazy = typeof space === 'function' ? space : async () => space
  const parse = (text: string): Condition => parseTarget(text, lazy, options)
  const conditions = [targets].flat().map(parse)
  const announce = announcing(lazy, options, endedBy(options))
  await waitFor(conditions, { ...options, announce, failIf: options.failIf?.map(parse) })
}

const endedBy = (options: WaitTargetsOptions): Ended => {
  const { not, states = [READY], failStates, min, ready, need } = options
  return {
    ...(not ? { not: states } : { states }),
    ...(failStates && { failStates }),
    ...(min !== undefined && { min }),
    ...(ready !== undefined && { ready }),
    ...(need !== undefined && { need }),
  }
}
