import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend, Entry } from '../../backends/backend.ts'
import { type CoordinationError, TimeoutError } from '../../base/errors.ts'
import { follow } from './view.ts'

/** Milliseconds. Who has waited is in a hurry, and to leave a watch takes as long as to ask the store something. */
const CLOSE_AFTER = 30

/**
 * Resolves once what a scope holds satisfies a condition, now or later.
 * @throws the signal's reason; where that is a deadline and the store was out of reach at it, what kept it so.
 */
export const until = (
  backend: Backend,
  scope: string,
  condition: (entries: ReadonlyMap<string, Entry>) => boolean | Promise<boolean>,
  signal: AbortSignal,
): Promise<void> => {
  let trouble: CoordinationError | undefined
  const found = Promise.withResolvers<void>()
  const check = async () => {
    for await (const { entries, interrupted } of follow(backend, scope, signal)) {
      trouble = interrupted
      if (trouble || !(await condition(entries))) continue
      found.resolve()
      await sleep(CLOSE_AFTER, undefined, { ref: false })
      return
    }
  }
  const failed = (error: unknown) =>
    found.reject(error instanceof TimeoutError && trouble ? trouble : error)
  check().catch(failed)
  return found.promise
}
