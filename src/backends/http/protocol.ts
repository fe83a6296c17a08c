import type { ErrorKind } from '../../base/errors.ts'
import type {
  ClaimResult,
  Diagnosis,
  Lease,
  Precondition,
  Traits,
  WaitEnd,
  Waiter,
  Waiters,
} from '../backend.ts'

/**
 * The version of this protocol. It changes when an older client or server would misunderstand a newer one. Since
 * version 2, a server knows the waiters.
 */
export const PROTOCOL = 2

/** `GET` on this path is the greeting. Below it are the operations and `announce` (`POST`), and `watch` (`GET`). */
export const BASE = '/_rdv/v1'

/** Every reply of a server has the epoch of its store in this header. */
export const EPOCH_HEADER = 'rdv-epoch'

/** The longest pause between two lines of a watch, in milliseconds. The client may ask for shorter pauses. */
export const HEARTBEAT = 5_000

export interface Greeting {
  readonly protocol: number
  /** The version of the server's program. */
  readonly version: string
  /** The store's epoch, which changes when the store is recreated. Constant if the server's backend has no epoch. */
  readonly epoch: string
  readonly traits: Traits
  /** The address of the store behind the server, as a user writes it. */
  readonly address?: string
  /** Whether the store has the extension `Claimable`. Absent: it does not. */
  readonly claims?: boolean
}

/** An entry on the wire. Its value is bytes in base64. */
export interface WireEntry {
  readonly key: string
  readonly value: string
  readonly createRevision: number
  readonly modRevision: number
  readonly session?: string
}

/** A precondition on the wire. */
export type WireGuard =
  | Exclude<Precondition, { kind: 'heldBy' }>
  | { readonly kind: 'heldBy'; readonly key: string; readonly session: string }

export type WireWrite =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: string
      readonly session?: string | null
    }
  | { readonly kind: 'delete'; readonly key: string }

export type WireChange =
  | { readonly kind: 'put'; readonly entry: WireEntry }
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number }

export interface WireListing {
  readonly entries: readonly WireEntry[]
  readonly revision: number
}

export type WireCommitResult =
  | { readonly outcome: 'ok'; readonly revision: number }
  | { readonly outcome: 'refused'; readonly entries: readonly WireEntry[] }
  | { readonly outcome: 'delayed' }

/** The body of every answer that is not a success. */
export interface WireError {
  readonly ok: false
  /** One sentence. */
  readonly error: string
  readonly kind: ErrorKind
  /** Only if `kind` is `unavailable`. */
  readonly retryable?: boolean
  /** Only if `kind` is `lost`: the lease that is gone. */
  readonly lease?: string
}

/** The lines of a watch. After `end` the server closes the stream. */
export type WireEvent =
  | (WireListing & { readonly kind: 'snapshot' })
  | { readonly kind: 'changes'; readonly changes: readonly WireChange[] }
  | { readonly kind: 'interrupted'; readonly cause: WireError }
  | { readonly kind: 'end'; readonly cause: WireError }
  | { readonly kind: 'heartbeat' }

/** A session, and the lock in which it claims a slot. */
interface WireClaim {
  readonly name: string
  readonly slots: number
  readonly session: string
}

/** The request bodies of the operations. */
export interface Requests {
  readonly get: { readonly key: string }
  readonly list: { readonly scope: string; readonly after?: string; readonly limit?: number }
  readonly commit: { readonly guards: readonly WireGuard[]; readonly writes: readonly WireWrite[] }
  /** A grant has no owner, because a server cannot see whether a process on another machine is alive. */
  readonly grant: { readonly ttl: number }
  readonly renew: { readonly id: string }
  readonly revoke: { readonly id: string }
  /** The next three operations exist only if the greeting says so (`claims`). */
  readonly claim: WireClaim
  readonly claimed: WireClaim
  readonly release: WireClaim
  readonly diagnose: object
  readonly waiters: { readonly namespace: string }
  /** Reports how an announced wait ended. Older servers do not know this operation. */
  readonly conclude: WaitEnd & { readonly namespace: string; readonly id: string }
}

/**
 * The body of `POST` on `announce`. The answer never ends, and the waiter counts as waiting until the connection is
 * cut. So the connection is the only sign of life that a waiter needs.
 */
export interface WireAnnouncement {
  readonly namespace: string
  readonly waiter: Waiter
}

/** The answers of the operations, besides `ok: true`. */
export interface Replies {
  readonly get: { readonly entry?: WireEntry }
  readonly list: WireListing
  readonly commit: WireCommitResult
  readonly grant: Lease
  readonly renew: { readonly ttl: number }
  readonly revoke: object
  readonly claim: ClaimResult
  readonly claimed: { readonly claimed: boolean }
  readonly release: object
  readonly diagnose: Diagnosis
  readonly waiters: Waiters
  readonly conclude: object
}

export type Operation = keyof Requests
