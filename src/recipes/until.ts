import type { Backend, Entry } from '../backends/backend.ts'
import { type CoordinationError, TimeoutError } from '../errors.ts'
import { follow } from './view.ts'

/**
 * Resolves once what a scope holds satisfies a condition, now or later.
 * @throws the signal's reason; where that is a deadline and the store was out of reach at it, what kept it so.
 */
export const until = async (
  backend: Backend,
  scope: string,
  condition: (entries: ReadonlyMap<string, Entry>) => boolean | Promise<boolean>,
  signal: AbortSignal,
): Promise<void> => {
  let trouble: CoordinationError | undefined
  try {
    for await (const { entries, interrupted } of follow(backend, scope, signal)) {
      trouble = interrupted
      if (!trouble && (await condition(entries))) return
    }
  } catch (error) {
    throw error instanceof TimeoutError && trouble ? trouble : error
  }
}
