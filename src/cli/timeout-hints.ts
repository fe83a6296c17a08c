import type { TimeoutError } from '../errors.ts'
import { leftAfter, withDeadline } from '../recipes/deadline.ts'
import { similarName } from '../recipes/similar-names.ts'
import type { Space } from '../recipes/space.ts'
import { note } from './output.ts'
import { storedNames } from './wait-hints.ts'

/** How long (milliseconds) the look for a typo may take: the answer is late already. */
const LIMIT = 300

/** Says what may have been wrong with a wait that timed out: a typo, or a store that the others do not see. */
export const explainTimeout = async (
  error: TimeoutError,
  open: (signal: AbortSignal) => Promise<Space>,
): Promise<void> => {
  const names = storedNames(error.pending.map(({ target }) => target))
  if (names.length === 0) return
  await withDeadline({ timeout: leftAfter(error, LIMIT) }, async (signal) => {
    const space = await open(signal)
    for (const name of names) {
      const similar = await similarName(space, name, signal)
      if (similar) note(`${name} does not exist, but ${similar} does: did you mean ${similar}?`)
    }
    explainReach(space)
  }).catch(() => {})
}

/** Says of a wait that timed out who does not see its store. */
export const tellReach = (
  error: TimeoutError,
  open: (signal: AbortSignal) => Promise<Space>,
): Promise<void> =>
  withDeadline({ timeout: leftAfter(error, LIMIT) }, async (signal) =>
    explainReach(await open(signal)),
  ).catch(() => {})

const explainReach = ({ backend }: Space): void => {
  if (backend.traits.reach !== 'machine') return
  note(`the wait was on ${backend.address}, which other users, containers and hosts cannot see`)
}
