import type { Waiter } from '../../backends/backend.ts'
import { isObservant } from '../../backends/operations.ts'
import { targetsOf, waiterIn } from '../announcement.ts'
import { whenAvailable } from '../retry.ts'
import type { Space } from '../space.ts'
import type { Sources, StatusRow } from './row.ts'

/** Who has announced to wait, a row for each target, oldest first. */
export const waiterRows = ({ entries }: Sources): StatusRow[] =>
  [...entries]
    .sort((a, b) => a.createRevision - b.createRevision)
    .map(waiterIn)
    .filter((waiter) => waiter !== undefined)
    .flatMap(rowsOf)

/** Likewise who is seen to wait by whoever serves the store; of very many only the first ones. */
export const observedRows = async (
  { backend, namespace }: Space,
  signal?: AbortSignal,
): Promise<StatusRow[]> => {
  if (!isObservant(backend)) return []
  const look = () => backend.waiters(namespace, { signal })
  const { waiters, unlisted } = await whenAvailable({ signal }, look)
  const more: StatusRow = { kind: 'wait', name: '…', state: `${unlisted} more waiters` }
  return [...waiters.flatMap(rowsOf), ...(unlisted > 0 ? [more] : [])]
}

const rowsOf = (waiter: Waiter): StatusRow[] => {
  const { host, pid, since } = waiter
  const holder = { host, ...(pid !== undefined && { pid }), since }
  return targetsOf(waiter).map((name) => ({ kind: 'wait', name, state: 'waits', holder }))
}
