import type { Backend } from '../backends/backend.ts'
import type { Space } from '../recipes/space.ts'
import type { Access } from './access/access.ts'
import type { ActivityRecord } from './activity/record.ts'
import type { Bookkeeping } from './bookkeeping.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { OpenRequests } from './open-requests.ts'
import type { ProbePolicy } from './probe-policy.ts'
import type { Scopes } from './scopes.ts'
import type { SharedWaits } from './shared-wait.ts'

/** What the routes of one server share. */
export interface ServerContext {
  /** As it was given. */
  readonly store: Backend
  /** The same store, with shared watches: for all that waits. */
  readonly space: Space
  /** Which of its keys clients may touch. */
  readonly scopes: Scopes
  readonly version: string
  /** Milliseconds that a request waits unless it says otherwise; 0 is no limit. */
  readonly timeout: number
  readonly postgresUrl: string
  readonly open: OpenRequests
  readonly waits: Bookkeeping
  /** All that is to be seen of what goes on. */
  readonly activity: ActivityRecord
  readonly metrics: Metrics
  readonly shared: SharedWaits
  /** Who may do what. */
  readonly access: Access
  /** Told of every failure that is a bug. */
  readonly report: (error: unknown) => void
  /** What may be looked at for clients. */
  readonly probing: ProbePolicy
}
