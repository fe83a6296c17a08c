import type { Backend } from '../backends/backend.ts'
import type { Namespace } from '../recipes/core/namespace.ts'
import type { Access } from './access/access.ts'
import type { ActivityRecord } from './activity/record.ts'
import type { OpenRequests } from './http/open-requests.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { ProbePolicy } from './probes/policy.ts'
import type { KeyPolicy } from './protocol/key-policy.ts'
import type { SharedWaits } from './waits/shared-wait.ts'
import type { WaitHistory } from './waits/wait-history.ts'

/** What the routes of one server share. */
export interface ServerContext {
  /** As it was given. */
  readonly store: Backend
  /** The same store, with shared watches: for all that waits. */
  readonly namespace: Namespace
  /** Which of its keys clients may touch. */
  readonly keyPolicy: KeyPolicy
  readonly version: string
  /** Milliseconds that a request waits unless it says otherwise; 0 is no limit. */
  readonly timeout: number
  readonly postgresUrl: string
  readonly open: OpenRequests
  readonly waits: WaitHistory
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
