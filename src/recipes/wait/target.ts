import { UsageError } from '../../errors.ts'
import { isProbeUrl, openProbe } from '../../probes/open.ts'
import type { ProbeOptions } from '../../probes/probe.ts'
import { checkGroup, checkKey, checkState } from '../keys.ts'
import type { Condition } from './condition.ts'
import { probeCondition } from './probe-condition.ts'
import {
  type AcceptedStates,
  type GroupSize,
  groupCondition,
  keyCondition,
} from './signal-condition.ts'
import type { LazySpace } from './stored-condition.ts'

export interface TargetOptions extends AcceptedStates, GroupSize, ProbeOptions {}

/**
 * What a target's text means: `db`, `db=migrated`, `deploy/`, or a probe URL.
 * @throws UsageError it means nothing: one sentence that says what to write instead.
 */
export const parseTarget = (
  text: string,
  space: LazySpace,
  options: TargetOptions = {},
): Condition => {
  if (isProbeUrl(text)) return probeCondition(openProbe(text, options))
  refuseAddress(text)
  if (text.endsWith('/')) return groupCondition(space, checkGroup(text), options, options)
  const [name = '', ...state] = text.split('=')
  checkKey(name)
  if (state.length === 0) return keyCondition(space, text, name, options)
  const states = [checkState(state.join('='))]
  return keyCondition(space, text, name, { ...options, states })
}

/** `host:5432` is what other tools take. */
const refuseAddress = (text: string): void => {
  if (/^[\w.-]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i.test(text)) {
    throw new UsageError(`"${text}" is an address, not a key: write tcp://${text}`)
  }
}
