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

/** The parts that the routes of one server share. */
export interface ServerContext {
  /** The store as the caller gave it. */
  readonly store: Backend
  /** The same store with shared watches, for everything that waits. */
  readonly namespace: Namespace
  /** The rule that says which keys of the store the clients may use. */
  readonly keyPolicy: KeyPolicy
  readonly version: string
  /** The default time limit of a waiting request, in milliseconds. 0 means no limit. */
  readonly timeout: number
  readonly postgresUrl: string
  readonly open: OpenRequests
  readonly waits: WaitHistory
  /** The record of the current activity. */
  readonly activity: ActivityRecord
  readonly metrics: Metrics
  readonly shared: SharedWaits
  /** Authorizes requests. */
  readonly access: Access
  /** Called with every failure that is a bug. */
  readonly report: (error: unknown) => void
  /** The rule that says which targets the server may probe for clients. */
  readonly probing: ProbePolicy
}
