import type { Entry } from '../../backends/backend.ts'
import { UnavailableError } from '../../base/errors.ts'
import type { Namespace } from '../core/namespace.ts'
import { follow } from '../core/view.ts'
import type { Condition, Observation } from './condition.ts'

/** Opens the store when it is first needed. Rejects when the signal aborts. */
export type LazyNamespace = (signal: AbortSignal) => Promise<Namespace>

/** Makes an observation from the entries of a scope. May throw to end the wait. */
export type JudgeEntries = (entries: Iterable<Entry>, scope: string) => Observation

/** A condition on a scope in the store. `judge` decides from the entries of the scope whether it holds. */
export const storedCondition = (
  namespace: LazyNamespace,
  target: string,
  scopeIn: (namespace: Namespace) => string,
  judge: JudgeEntries,
): Condition => ({
  target,
  stored: true,
  async check(signal) {
    const opened = await namespace(signal)
    const scope = scopeIn(opened)
    const { entries } = await opened.backend.list(scope, { signal })
    return judge(entries, scope)
  },
  async *observe(signal) {
    const opened = await namespace(signal)
    const scope = scopeIn(opened)
    for await (const { entries, interrupted } of follow(opened.backend, scope, signal)) {
      yield interrupted instanceof UnavailableError
        ? outOfReach(interrupted)
        : judge(entries.values(), scope)
    }
  },
})

/** While the store is out of reach, the previous observation does not count. */
const outOfReach = (unreachable: UnavailableError): Observation => ({
  holds: false,
  none: false,
  reason: unreachable.message,
  unreachable,
})
