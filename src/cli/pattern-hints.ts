import type { Kind } from '../recipes/kinds.ts'
import { noPattern, patternsAmong } from '../recipes/patterns.ts'
import type { Space } from '../recipes/space.ts'
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
