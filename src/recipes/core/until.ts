import { setTimeout as sleep } from 'node:timers/promises'
import type { Backend, Entry } from '../../backends/backend.ts'
import { type CoordinationError, TimeoutError } from '../../base/errors.ts'
import { follow } from './view.ts'

/**
 * Milliseconds from the result to the end of the watch. The caller continues first, because it takes as long to end a
 * watch as to query the store.
 */
const CLOSE_AFTER = 30

/**
 * Resolves when the entries of a scope satisfy a condition, now or later.
 * @throws the signal's reason. If that is a deadline, and the store was out of reach then, throws the reason for that.
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
