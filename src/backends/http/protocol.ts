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
 * The number of this protocol. It changes when an older client or server would misunderstand a newer one: since 2 a server
 * knows who waits.
 */
export const PROTOCOL = 2

/** `GET` on it is the greeting; below it lie the operations (`POST`) and `watch` (`GET`). */
export const BASE = '/_rdv/v1'

/** Every reply of a server carries the epoch of its store in it. */
export const EPOCH_HEADER = 'rdv-epoch'

/** The longest pause between two lines of a watch, milliseconds; the client may ask for shorter ones. */
export const HEARTBEAT = 5_000

export interface Greeting {
  readonly protocol: number
  /** Of the server's program. */
  readonly version: string
  /** Names one life of the store: another one after it was recreated or emptied. */
  readonly epoch: string
  readonly traits: Traits
  /** The store behind the server, as a person writes it. */
  readonly address?: string
  /** Whether the store has the extension of claims; absent: no. */
  readonly claims?: boolean
}

/** Values are bytes in base64. */
export interface WireEntry {
  readonly key: string
  readonly value: string
  readonly createRevision: number
  readonly modRevision: number
  readonly session?: string
}

/** A precondition. */
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
  /** Of `unavailable` only. */
  readonly retryable?: boolean
  /** Of `lost` only: the session that is gone. */
  readonly lease?: string
}

/** The lines of a watch. After `end` the server closes the stream. */
export type WireEvent =
  | (WireListing & { readonly kind: 'snapshot' })
  | { readonly kind: 'changes'; readonly changes: readonly WireChange[] }
  | { readonly kind: 'interrupted'; readonly cause: WireError }
  | { readonly kind: 'end'; readonly cause: WireError }
  | { readonly kind: 'heartbeat' }

/** A session's slot of a lock. */
interface WireClaim {
  readonly name: string
  readonly slots: number
  readonly session: string
}

/** The operations' request bodies. */
export interface Requests {
  readonly get: { readonly key: string }
  readonly list: { readonly scope: string; readonly after?: string; readonly limit?: number }
  readonly commit: { readonly guards: readonly WireGuard[]; readonly writes: readonly WireWrite[] }
  /** Never with an owner: whether a process lives cannot be seen across machines. */
  readonly grant: { readonly ttl: number }
  readonly renew: { readonly id: string }
  readonly revoke: { readonly id: string }
  /** These three only where the greeting tells of claims. */
  readonly claim: WireClaim
  readonly claimed: WireClaim
  readonly release: WireClaim
  readonly diagnose: object
  readonly waiters: { readonly namespace: string }
  /** How an announced wait ends. A server that is older than this knows no such operation. */
  readonly conclude: WaitEnd & { readonly namespace: string; readonly id: string }
}

/**
 * The body of `POST` on `announce`: as long as its answer, which never ends, is not cut, somebody waits. The only sign
 * of life that a waiter needs is its connection.
 */
export interface WireAnnouncement {
  readonly namespace: string
  readonly waiter: Waiter
}

/** What the operations answer, besides `ok: true`. */
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
