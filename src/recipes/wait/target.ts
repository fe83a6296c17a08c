import { UsageError } from '../../base/errors.ts'
import { quoteRedacted } from '../../base/redact.ts'
import { adviceFor } from '../../probes/advice.ts'
import { isProbeUrl, openProbe } from '../../probes/open.ts'
import type { ProbeOptions } from '../../probes/probe.ts'
import { checkGroup, checkKey, checkState } from '../core/keys.ts'
import type { Condition } from './condition.ts'
import { probeCondition } from './probe-condition.ts'
import {
  type AcceptedStates,
  type GroupSize,
  groupCondition,
  keyCondition,
} from './signal-condition.ts'
import type { LazyNamespace } from './stored-condition.ts'

export interface TargetOptions extends AcceptedStates, GroupSize, ProbeOptions {}

/**
 * The condition that a target's text means: `db`, `db=migrated`, `deploy/`, or a probe URL.
 * @throws UsageError the text has no meaning. One sentence says what to write instead.
 */
export const parseTarget = (
  text: string,
  namespace: LazyNamespace,
  options: TargetOptions = {},
): Condition => {
  if (isProbeUrl(text)) return probeCondition(openProbe(text, options))
  refuseOther(text)
  if (text.endsWith('/')) return groupCondition(namespace, checkGroup(text), options, options)
  const [name = '', ...state] = text.split('=')
  checkKey(name)
  if (state.length === 0) return keyCondition(namespace, text, name, options)
  const states = [checkState(state.join('='))]
  return keyCondition(namespace, text, name, { ...options, states })
}

/** Refuses targets in the form of other tools: `host:5432`, `tcp:4000` and paths. */
const refuseOther = (text: string): void => {
  const advice = adviceFor(text)
  if (advice === undefined) return
  const { is, write, key } = advice
  const offer = key === undefined ? write : `${write}, or name the key ${key}`
  throw new UsageError(`${quoteRedacted(text)} ${is}: write ${offer}`)
}
