import type { Entry } from '../../backends/backend.ts'
import { printable } from '../../base/redact.ts'
import { keyIn, type Namespace, prefixIn } from '../core/namespace.ts'
import { READY } from '../signal.ts'
import type { Condition, Observation } from './condition.ts'
import { type LazyNamespace, storedCondition } from './stored-condition.ts'

/** The states that end a wait. */
export interface AcceptedStates {
  /** The accepted states. `*` accepts every state. Default: `ready`. */
  readonly states?: readonly string[] | undefined
  /** The states that end the wait at once with a NoError. */
  readonly failStates?: readonly string[] | undefined
}

export interface GroupSize {
  /** The minimum number of members. All members must be accepted. Default: 1. */
  readonly min?: number | undefined
  /** Instead of `min`: the number of accepted members that is enough, whatever the states of the others are. */
  readonly ready?: number | undefined
}

interface Member {
  readonly name: string
  readonly state: string
}

type Judge = (members: readonly Member[]) => Observation

/** The condition that a key is in an accepted state. */
export const keyCondition = (
  namespace: LazyNamespace,
  target: string,
  name: string,
  accepted: AcceptedStates = {},
): Condition =>
  signalCondition(namespace, target, (opened) => keyIn(opened, 'signal', name), judgeKey(accepted))

/** The condition that all direct members of a group such as `deploy/`, or enough of them, are in an accepted state. */
export const groupCondition = (
  namespace: LazyNamespace,
  group: string,
  accepted: AcceptedStates = {},
  size: GroupSize = {},
): Condition =>
  signalCondition(
    namespace,
    group,
    (opened) => prefixIn(opened, 'signal', group),
    judgeGroup(accepted, size),
  )

const signalCondition = (
  namespace: LazyNamespace,
  target: string,
  scopeIn: (namespace: Namespace) => string,
  judge: Judge,
): Condition =>
  storedCondition(namespace, target, scopeIn, (entries, scope) => judge(membersOf(scope, entries)))

/** The key of an exact scope, or the members directly below a group. */
const membersOf = (scope: string, entries: Iterable<Entry>): Member[] =>
  [...entries]
    .map(({ key, value }) => ({
      name: key.slice(scope.length),
      state: Buffer.from(value).toString(),
    }))
    .filter(({ name }) => !name.includes('/'))

const accepts = ({ states = [READY] }: AcceptedStates, { state }: Member): boolean =>
  states.includes('*') || states.includes(state)

const fails = ({ failStates = [] }: AcceptedStates, { state }: Member): boolean =>
  failStates.includes(state)

const judgeKey =
  (accepted: AcceptedStates): Judge =>
  ([member]) => {
    if (!member) return { holds: false, none: true, reason: 'not signalled' }
    const holds = accepts(accepted, member)
    const reason = `is ${printable(member.state)}`
    return { holds, none: !holds, reason, failed: fails(accepted, member) ? reason : undefined }
  }

const judgeGroup =
  (accepted: AcceptedStates, { min = 1, ready }: GroupSize): Judge =>
  (members) => {
    const good = members.filter((member) => accepts(accepted, member))
    const holds =
      ready === undefined
        ? good.length === members.length && members.length >= min
        : good.length >= ready
    const failed = members.find((member) => fails(accepted, member))
    return {
      holds,
      none: good.length === 0,
      reason: describe(members, good, ready ?? min),
      failed: failed && describeMember(failed),
    }
  }

/** The maximum number of members that a message names. */
const NAMED = 3

const describe = (members: readonly Member[], good: readonly Member[], wanted: number): string => {
  if (members.length === 0) return `has no members, needs at least ${wanted}`
  const others = members.filter((member) => !good.includes(member))
  const named = others.slice(0, NAMED).map(describeMember)
  const more = others.length > NAMED ? [`${others.length - NAMED} more`] : []
  const count = `${good.length} of ${Math.max(members.length, wanted)} ready`
  return [count, ...named, ...more].join(', ')
}

const describeMember = ({ name, state }: Member): string => printable(`${name} is ${state}`)
