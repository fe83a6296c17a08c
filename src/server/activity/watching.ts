import type { Waiter } from '../../backends/backend.ts'
import { NoError } from '../../base/errors.ts'
import { parseInt64 } from '../../base/int64.ts'
import { isProbeUrl } from '../../probes/open.ts'
import { keyIn, type Namespace } from '../../recipes/core/namespace.ts'
import { judgeCounter } from '../../recipes/counter.ts'
import { combined } from '../../recipes/wait/combined.ts'
import type { Condition } from '../../recipes/wait/condition.ts'
import { storedCondition } from '../../recipes/wait/stored-condition.ts'
import { parseTarget } from '../../recipes/wait/target.ts'
import { judgeWaitGroup } from '../../recipes/wait-group.ts'
import type { SharedWaits } from '../waits/shared-wait.ts'
import type { Outcome } from './wait.ts'

/** A waiter announces at most this many targets. If there are as many, the waiter may have more. */
const MAX_TARGETS = 16

/**
 * The server's own wait for the targets of a process. The server sees what is missing, and when the condition is true.
 */
export interface Watching {
  /** The name under which the shared waits know its reason. */
  readonly name: string
  /** Whether these are all targets of the process. */
  readonly whole: boolean
  /** How the wait has ended, if `whole` is true and the wait has ended. */
  readonly found: { readonly outcome: Outcome; readonly reason?: string } | undefined
  stop(): void
}

/** Returns `undefined` if no target is in the store, or the waiter does not announce enough. */
export const watch = (
  namespace: Namespace,
  shared: SharedWaits,
  waiter: Waiter,
): Watching | undefined => {
  const conditions = conditionsOf(namespace, waiter)
  const [first] = conditions ?? []
  if (!conditions || !first) return undefined
  const { targets, need, not } = waiter
  const whole = conditions.length === targets.length && targets.length < MAX_TARGETS
  const isPlain = targets.length === 1 && !not
  const condition = () => (isPlain ? first : combined(conditions, { need, not: not !== undefined }))
  const { host, pid, since, timeout, id, ...goal } = waiter
  const name = JSON.stringify(goal)
  let found: Watching['found']
  const member = {
    resolve: () => end({ outcome: 'released' }),
    reject: (error: unknown) =>
      end(error instanceof NoError ? { outcome: 'failed', reason: error.message } : undefined),
  }
  const joined = shared.of(name, condition)
  const end = (how: Watching['found']) => {
    if (whole) found ??= how
    joined.leave(member)
  }
  joined.add(member, 0)
  return {
    ...{ name, whole },
    get found() {
      return found
    },
    stop: () => joined.leave(member),
  }
}

/** Includes only targets in the store. A probe's target that the waiter can reach may be unreachable from here. */
const conditionsOf = (namespace: Namespace, waiter: Waiter): Condition[] | undefined => {
  const { id, kind, targets, states, not, failStates, min, ready } = waiter
  // A waiter without an id is an older version of rdv, which does not announce everything that ends its wait.
  if (id === undefined) return undefined
  const open = async () => namespace
  const options = { states: states ?? not, failStates, min, ready }
  try {
    if (kind) return targets.map((name) => conditionOf(namespace, kind, name, waiter))
    const stored = targets.filter((target) => !isProbeUrl(target))
    return stored.map((target) => parseTarget(target, open, options))
  } catch {
    return undefined
  }
}

const conditionOf = (
  namespace: Namespace,
  kind: NonNullable<Waiter['kind']>,
  name: string,
  waiter: Waiter,
): Condition => {
  const [atLeast, atMost, equals, expect = 0n] = (
    ['atLeast', 'atMost', 'equals', 'expect'] as const
  ).map((bound) => parseInt64(waiter[bound] ?? ''))
  const judge =
    kind === 'counter'
      ? judgeCounter(name, { atLeast, atMost, equals })
      : judgeWaitGroup(name, expect)
  const scope = keyIn(namespace, kind, name)
  return storedCondition(
    async () => namespace,
    name,
    () => scope,
    judge,
  )
}
