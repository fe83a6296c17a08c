import type { Backend } from '../../backends/backend.ts'
import { type Namespace, prefixIn } from '../../recipes/core/namespace.ts'
import { countQueued } from '../../recipes/status/status.ts'
import type { ActivityRecord } from '../activity/record.ts'
import { withSharedWatches } from '../waits/shared-watches.ts'
import { metered } from './metered.ts'
import { Metrics } from './metrics.ts'
import { WatchLag } from './watch-lag.ts'

/**
 * The time limit for listing the queues, and for listing the sessions, in milliseconds; and the most sessions that are
 * counted.
 */
const LIMIT = 2_000
const COUNTED = 10_000

/** Returns a namespace of the store as the server uses it: with shared watches, and with measured calls. */
export const observe = (
  backend: Backend,
  name: string,
  activity: () => ActivityRecord,
): { namespace: Namespace; metrics: Metrics; lag: WatchLag } => {
  const bare = { backend, name }
  const metrics = new Metrics({
    openWaits: () => activity().waits.open.size,
    queued: () => countQueued(bare, AbortSignal.timeout(LIMIT)).catch(() => undefined),
    sessions: () => countSessions(bare),
  })
  const lag = new WatchLag((milliseconds) => metrics.lagged(milliseconds))
  const shared = withSharedWatches(backend, metered(bare, metrics, lag))
  return { namespace: { backend: shared, name }, metrics, lag }
}

const countSessions = async (namespace: Namespace): Promise<number | undefined> => {
  const options = { limit: COUNTED, signal: AbortSignal.timeout(LIMIT) }
  const listing = namespace.backend.list(prefixIn(namespace, 'session'), options)
  return (await listing.catch(() => undefined))?.entries.length
}
