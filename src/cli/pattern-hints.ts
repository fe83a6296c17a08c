import { isProbeUrl } from '../probes/open.ts'
import { type Limits, withDeadline } from '../recipes/deadline.ts'
import type { Kind } from '../recipes/keys.ts'
import { looksLikePattern, noPattern, patternsAmong } from '../recipes/patterns.ts'
import type { Space } from '../recipes/space.ts'
import type { LazySpace } from '../recipes/wait/stored-condition.ts'
import { note } from './output.ts'

/** Says of each absent name that looks like a pattern that it is none. */
export const hintAtPatterns = async (
  space: Space,
  kind: Kind,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  for (const name of await patternsAmong(space, [kind], names, signal)) note(noPattern(name, kind))
}

/** Likewise, of the targets of a wait, beside it. Never rejects. */
export const hintAtTargets = async (
  open: LazySpace,
  targets: readonly string[],
  limits: Limits,
): Promise<void> => {
  const names = targets
    .filter((target) => !isProbeUrl(target))
    .map((target) => target.replace(/=.*$/s, ''))
  if (!names.some(looksLikePattern)) return
  await withDeadline(limits, async (signal) =>
    hintAtPatterns(await open(signal), 'signal', names, signal),
  ).catch(() => {})
}
