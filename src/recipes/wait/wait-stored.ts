import { type AnnounceOptions, announcing, type Ended } from '../announcement.ts'
import type { Kind } from '../kinds.ts'
import { keyIn } from '../space.ts'
import { type JudgeEntries, type LazySpace, storedCondition } from './stored-condition.ts'
import { type WaitOptions, waitFor } from './wait.ts'

/** Waits for what a recipe keeps under a name to be as wanted. Apart from the recipes, whose changes need none of this. */
export const waitForStored = async (
  space: LazySpace,
  kind: Extract<Kind, 'counter' | 'waitgroup'>,
  name: string,
  judge: JudgeEntries,
  goal: Omit<Ended, 'kind'>,
  options: Omit<WaitOptions, 'announce'> & AnnounceOptions,
): Promise<void> => {
  const condition = storedCondition(space, name, (opened) => keyIn(opened, kind, name), judge)
  await waitFor([condition], {
    ...options,
    announce: announcing(space, options, { kind, ...goal }),
  })
}
