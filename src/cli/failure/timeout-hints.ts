import type { TimeoutError } from '../../base/errors.ts'
import { timeLeftAfter, withDeadline } from '../../recipes/core/deadline.ts'
import type { Namespace } from '../../recipes/core/namespace.ts'
import { similarName } from '../../recipes/core/similar-names.ts'
import { note } from '../output/print.ts'
import { storedNames } from './wait-hints.ts'

/** The time limit of the search for a typo, in milliseconds. The result of the wait is already late. */
const HINT_LIMIT = 300

/** Prints what may have been wrong with a wait that timed out: a typo, or a store that other processes cannot see. */
export const explainTimeout = async (
  error: TimeoutError,
  open: (signal: AbortSignal) => Promise<Namespace>,
): Promise<void> => {
  const names = storedNames(error.pending.map(({ target }) => target))
  if (names.length === 0) return
  await withDeadline({ timeout: timeLeftAfter(error, HINT_LIMIT) }, async (signal) => {
    const namespace = await open(signal)
    for (const name of names) {
      const similar = await similarName(namespace, name, signal)
      if (similar) note(`${name} does not exist, but ${similar} does: did you mean ${similar}?`)
    }
    explainReach(namespace)
  }).catch(() => {})
}

/** Prints which processes cannot see the store of a wait that timed out. */
export const reportReach = (
  error: TimeoutError,
  open: (signal: AbortSignal) => Promise<Namespace>,
): Promise<void> =>
  withDeadline({ timeout: timeLeftAfter(error, HINT_LIMIT) }, async (signal) =>
    explainReach(await open(signal)),
  ).catch(() => {})

const explainReach = ({ backend }: Namespace): void => {
  if (backend.traits.reach !== 'machine') return
  note(`the wait was on ${backend.address}, which other users, containers and hosts cannot see`)
}
