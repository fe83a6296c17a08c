import type { Namespace } from '../../recipes/core/namespace.ts'
import { noPattern, patternsAmong } from '../../recipes/core/patterns.ts'
import type { Kind } from '../../recipes/kinds.ts'
import { note } from '../output/print.ts'

/** Prints a note for each absent name that looks like a pattern: patterns are not supported. */
export const hintAtPatterns = async (
  namespace: Namespace,
  kind: Kind,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  for (const name of await patternsAmong(namespace, [kind], names, signal))
    note(noPattern(name, kind))
}
