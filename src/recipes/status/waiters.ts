import type { Waiter } from '../../backends/backend.ts'
import { hasWaiterRegistry } from '../../backends/operations.ts'
import type { Namespace } from '../core/namespace.ts'
import { retryUntilAvailable } from '../core/retry.ts'
import { currentWaiter, targetsOf } from '../wait/announcement.ts'
import type { Sources, StatusRow } from './row.ts'

/** The waiters that have announced themselves in the store, oldest first, with one row for each target. */
export const waiterRows = ({ entries }: Sources): StatusRow[] =>
  [...entries]
    .sort((a, b) => a.createRevision - b.createRevision)
    .map(currentWaiter)
    .filter((waiter) => waiter !== undefined)
    .flatMap(rowsOf)

/**
 * The waiters that the server of the store sees, with one row for each target. If there are very many, only the first
 * ones.
 */
export const observedRows = async (
  { backend, name }: Namespace,
  signal?: AbortSignal,
): Promise<StatusRow[]> => {
  if (!hasWaiterRegistry(backend)) return []
  const check = () => backend.waiters(name, { signal })
  const { waiters, unlisted } = await retryUntilAvailable({ signal }, check)
  const more: StatusRow = { kind: 'wait', name: '…', state: `${unlisted} more waiters` }
  return [...waiters.flatMap(rowsOf), ...(unlisted > 0 ? [more] : [])]
}

const rowsOf = (waiter: Waiter): StatusRow[] => {
  const { host, pid, since } = waiter
  const holder = { host, ...(pid !== undefined && { pid }), since }
  return targetsOf(waiter).map((name) => ({ kind: 'wait', name, state: 'waits', holder }))
}
