import { keyIn } from '../core/namespace.ts'
import type { Kind } from '../kinds.ts'
import { type AnnounceOptions, announcing, type WaitGoal } from './announcement.ts'
import { type JudgeEntries, type LazyNamespace, storedCondition } from './stored-condition.ts'
import { type WaitOptions, waitFor } from './wait.ts'

/**
 * Waits until the value that a recipe stores under a name is as required. It is in a file of its own, because changes
 * of the value do not need this code.
 */
export const waitForStored = async (
  namespace: LazyNamespace,
  kind: Extract<Kind, 'counter' | 'waitgroup'>,
  name: string,
  judge: JudgeEntries,
  goal: Omit<WaitGoal, 'kind'>,
  options: Omit<WaitOptions, 'announce'> & AnnounceOptions,
): Promise<void> => {
  const condition = storedCondition(namespace, name, (opened) => keyIn(opened, kind, name), judge)
  await waitFor([condition], {
    ...options,
    announce: announcing(namespace, options, { kind, ...goal }),
  })
}
