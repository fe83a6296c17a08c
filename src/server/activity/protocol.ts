import type { StatusRow } from '../../recipes/status/row.ts'

/**
 * What is going on, for the live page and for who saves a run: whole by `GET /_activity`, and followed by `GET /_events`
 * (Server-Sent Events). Times are milliseconds since 1970 of the server's clock.
 */
export interface Activity {
  readonly server: ServerFacts
  /** As `rdv status --json` has it. */
  readonly status: readonly StatusRow[]
  /** Those that wait and those that have ended, oldest first; of the ended ones the newest. */
  readonly waits: readonly WaitSpan[]
  /** How many more wait than are listed. */
  readonly unlisted: number
  /** The newest signals, oldest first. */
  readonly signals: readonly SignalMark[]
}

export interface ServerFacts {
  readonly version: string
  /** The store's address, without secrets. */
  readonly backend: string
  readonly namespace: string
  /** Whether what was acknowledged outlives the server. */
  readonly durable: boolean
  readonly startedAt: number
  /** The server's clock when this was written, so that a page can tell ages whatever its own clock says. */
  readonly now: number
}

/** One wait: a bar of the waterfall. */
export interface WaitSpan {
  readonly id: string
  /** `db`, `db=migrated`, `deploy/`, `tcp://db:5432`; without secrets. */
  readonly target: string
  readonly waiter: Waiter
  /** What is waited for; absent: signals and probes. Those who wait for a lock and the like are in the status too. */
  readonly kind?: 'counter' | 'waitgroup' | 'lock' | 'election' | 'barrier'
  /** Of a group: so many ready members. Absent: one, or all that there are. */
  readonly needs?: number
  readonly since: number
  /** Absent while it waits. */
  readonly until?: number
  /** `gone`: the waiter went away before it had an answer. */
  readonly outcome?: 'released' | 'timeout' | 'failed' | 'gone'
  /** What it is short of, or of a probe the last error: `not signalled`, `1 of 3 ready, node2 is busy`. */
  readonly reason?: string
  /** The signal that released it, where one did: `id` of a SignalMark. */
  readonly releasedBy?: string
}

/** Whoever waits or signals, as far as that is known. */
export interface Waiter {
  readonly host?: string
  readonly pid?: number
  /** The address that a request came from; behind a proxy the proxy's. */
  readonly client?: string
  /** What a request calls itself, by `?by=`. Nobody has checked it, nor what follows. */
  readonly name?: string
  /** The address that a proxy says it was asked from. */
  readonly forwardedFor?: string
  /** The program that sent a request, such as `curl/8.5.0`. */
  readonly agent?: string
}

/** A key was set to a state, or cleared. */
export interface SignalMark {
  readonly id: string
  readonly key: string
  /** `null`: cleared. */
  readonly state: string | null
  readonly at: number
  readonly by?: Waiter
}

/**
 * The events of `GET /_events` and their data. The first is `activity`, which also comes again whenever what was told so
 * far is void; a client that reconnects begins anew with it.
 */
export interface ActivityEvents {
  readonly activity: Activity
  readonly status: readonly StatusRow[]
  /** A new wait, or a known one (by its id) that has changed. */
  readonly wait: WaitSpan
  readonly unlisted: number
  readonly signal: SignalMark
}
