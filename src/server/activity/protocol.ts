import type { StatusRow } from '../../recipes/status/row.ts'

/**
 * The current activity of a server, for the live page and for saved runs. `GET /_activity` returns all of it, and `GET
 * /_events` (Server-Sent Events) follows it. Times are milliseconds since 1970 by the server's clock.
 */
export interface Activity {
  readonly server: ServerFacts
  /** The rows of `rdv status --json`. */
  readonly status: readonly StatusRow[]
  /** The ended and the pending waits, oldest first. Of the ended waits, only the newest are listed. */
  readonly waits: readonly WaitSpan[]
  /** The number of pending waits that are not listed. */
  readonly unlisted: number
  /** The newest signals, oldest first. */
  readonly signals: readonly SignalMark[]
}

export interface ServerFacts {
  readonly version: string
  /** The store's address, without secrets. */
  readonly backend: string
  readonly namespace: string
  /** Whether acknowledged commits outlive the server. */
  readonly durable: boolean
  readonly startedAt: number
  /** The server's clock when this was written. A page computes ages from it, whatever the page's own clock shows. */
  readonly now: number
}

/** One wait, which is one bar of the waterfall. */
export interface WaitSpan {
  readonly id: string
  /** Such as `db`, `db=migrated`, `deploy/` or `tcp://db:5432`, without secrets. */
  readonly target: string
  readonly waiter: Waiter
  /** The kind of the target. Absent for signals and probes. Waiters for a lock and the like are also in the status. */
  readonly kind?: 'counter' | 'waitgroup' | 'lock' | 'election' | 'barrier'
  /** For a group: the number of ready members that it needs. Absent: one member, or all present members. */
  readonly needs?: number
  readonly since: number
  /** Absent while the wait is pending. */
  readonly until?: number
  /** `gone`: the waiter left before it got an answer. */
  readonly outcome?: 'released' | 'timeout' | 'failed' | 'gone'
  /** What is missing, or the last error of a probe: `not signalled`, `1 of 3 ready, node2 is busy`. */
  readonly reason?: string
  /** The `id` of the SignalMark that released the wait, if a signal released it. */
  readonly releasedBy?: string
}

/** What is known about a process that waits or signals. */
export interface Waiter {
  readonly host?: string
  readonly pid?: number
  /** The address that a request came from. Behind a proxy, it is the address of the proxy. */
  readonly client?: string
  /** The name that a request gives in `?by=`. Neither this field nor the following ones are verified. */
  readonly name?: string
  /** The client address that a proxy reports. */
  readonly forwardedFor?: string
  /** The program that sent a request, such as `curl/8.5.0`. */
  readonly agent?: string
}

/** A key was set to a state, or cleared. */
export interface SignalMark {
  readonly id: string
  readonly key: string
  /** `null` if the key was cleared. */
  readonly state: string | null
  readonly at: number
  readonly by?: Waiter
}

/**
 * The events of `GET /_events` and their data. The first event is `activity`. It is sent again whenever the events so
 * far are no longer valid. A client that reconnects starts anew with this event.
 */
export interface ActivityEvents {
  readonly activity: Activity
  readonly status: readonly StatusRow[]
  /** A new wait, or a known wait (by its id) that has changed. */
  readonly wait: WaitSpan
  readonly unlisted: number
  readonly signal: SignalMark
}
