import type { Namespace } from '../core/namespace.ts'
import { READY } from '../signal.ts'
import { type AnnounceOptions, announcing, type WaitGoal } from './announcement.ts'
import { numberCommands } from './number-commands.ts'
import type { LazyNamespace } from './stored-condition.ts'
import { parseTarget, type TargetOptions } from './target.ts'
import { type WaitOptions, waitFor } from './wait.ts'

/** Like `WaitOptions`, but the targets are texts: `db`, `db=migrated`, `deploy/`, `tcp://db:5432`. */
export interface WaitTargetsOptions
  extends Omit<WaitOptions, 'failIf' | 'announce'>,
    TargetOptions,
    AnnounceOptions {
  readonly failIf?: readonly string[] | undefined
}

/**
 * Waits until the targets hold: all of them, or as many as `need`. The namespace may be a function that opens it. This
 * function is called only if a target needs it.
 * @throws as `waitFor` does, and UsageError for a malformed target.
 */
export const wait = async (
  namespace: Namespace | LazyNamespace,
  targets: string | readonly string[],
  options: WaitTargetsOptions = {},
): Promise<void> => {
  const lazy = typeof namespace === 'function' ? namespace : async () => namespace
  const awaited = [targets].flat()
  const texts = [...awaited, ...(options.failIf ?? [])]
  const all = numberCommands(texts.map((text) => parseTarget(text, lazy, options)))
  const announce = announcing(lazy, options, endedBy(options))
  const failIf = all.slice(awaited.length)
  await waitFor(all.slice(0, awaited.length), { ...options, announce, failIf })
}

/** The names of targets as they are shown and announced, without secrets. */
export const targetNames = (targets: readonly string[]): string[] =>
  numberCommands(targets.map((text) => parseTarget(text, unopened))).map(({ target }) => target)

const unopened: LazyNamespace = () => Promise.reject(new Error('names need no store'))

const endedBy = (options: WaitTargetsOptions): WaitGoal => {
  const { not, states = [READY], failStates, min, ready, need } = options
  return {
    ...(not ? { not: states } : { states }),
    ...(failStates && { failStates }),
    ...(min !== undefined && { min }),
    ...(ready !== undefined && { ready }),
    ...(need !== undefined && { need }),
  }
}
