import type { CoordinationError } from '../base/errors.ts'
import type { ProcessIdentity } from './process-identity.ts'

/**
 * A key's newest state as the store holds it.
 *
 * Revisions are whole numbers below 2^53 that rise with every commit to the store, also after the store was
 * recreated. All entries that one commit wrote share one revision.
 */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** The commit that created the key, since it was last absent. */
  readonly createRevision: number
  /** The commit that wrote the key last. */
  readonly modRevision: number
  /** The lease with whose end the key goes. */
  readonly lease?: string
}

/** A condition on one key that must hold at the instant of the commit. */
export type Precondition =
  | { readonly kind: 'absent'; readonly key: string }
  | { readonly kind: 'unchanged'; readonly key: string; readonly modRevision: number }
  | { readonly kind: 'heldBy'; readonly key: string; readonly lease: string }

/** A change of one key. A commit names each key in one write at most. */
export type Write =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: Uint8Array
      /** `undefined` keeps the key's session (none for a new key), `null` detaches it, an id binds the key to it. */
      readonly lease?: string | null
    }
  /** Deleting an absent key is no error. */
  | { readonly kind: 'delete'; readonly key: string }

export type CommitResult =
  | { readonly outcome: 'ok'; readonly revision: number }
  /** A precondition did not hold and nothing was written. `entries`: what the guarded keys are now, absent ones left out. */
  | { readonly outcome: 'refused'; readonly entries: readonly Entry[] }
  /** The store lets nobody bind the key yet, though it is free (Consul's lock-delay). Nothing was written. */
  | { readonly outcome: 'delayed' }

/** Entries in key order (by UTF-8 bytes), as of `revision`. */
export interface Listing {
  readonly entries: readonly Entry[]
  readonly revision: number
}

export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  /** `revision`: where the key was seen to be absent; the deletion is not younger. */
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number }

export type WatchEvent =
  /** All that the scope holds. `reset`: changes may have been missed since the last event; forget what was known. */
  | (Listing & { readonly kind: 'snapshot'; readonly reset: boolean })
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  /** The store is out of reach; the watch goes on trying and a snapshot follows. For telling people. */
  | { readonly kind: 'interrupted'; readonly cause: CoordinationError }

export interface Lease {
  readonly id: string
  /** Milliseconds in force, which a backend may have raised to what it can. */
  readonly ttl: number
}

/** What a backend can do, as data: checked before sending, shown by `doctor`, and the source of the docs' table. */
export interface Traits {
  /** What users call it. */
  readonly name: string
  /** Who can meet there: one process, one user's processes on one machine, or whoever reaches it by the network. */
  readonly reach: 'process' | 'machine' | 'network'
  /** Smallest and longest TTL of a lease, milliseconds. */
  readonly minTtl: number
  readonly maxTtl: number
  /** That of a session whose TTL nobody has chosen, milliseconds: it outlives the usual loss of a cluster's leader. */
  readonly defaultTtl: number
  /** A dead session's keys go within this many times its TTL. */
  readonly expiryFactor: 1 | 2
  /** Whether the death of a session's process on this machine ends the session at once. */
  readonly seesDeath: boolean
  /** Limits of one commit: the sum of its keys' and values' bytes, and preconditions and writes taken together. */
  readonly maxCommitBytes: number
  readonly maxCommitOperations: number
  /** Who waits is always known, or only of those who announce themselves, which costs a write. */
  readonly waiters: 'known' | 'announced'
}

export interface CallOptions {
  /** Cancels the call: a read rejects with the signal's reason, a commit that was sent with IndeterminateError. */
  readonly signal?: AbortSignal
}

/**
 * A store that coordinates: few primitives, on which every recipe is written once.
 *
 * Keys are full names, `rdv/signal/deploy/node1`. Every call ends within the backend's own call limit, whatever
 * the network does, and is never retried inside. All of them throw UnavailableError when the store is out of
 * reach or refuses us; then nothing was written.
 */
export interface Backend {
  /** The store's address as a person writes it, without secrets. */
  readonly address: string
  readonly traits: Traits
  /** Names this life of the store, another one after it was recreated; only where a backend can tell. */
  readonly epoch?: string
  /** Any number of watches of one client cost the store few: nobody has to share them once more. */
  readonly sharesWatches?: boolean

  /** Linearizable: sees every commit that was acknowledged to anybody before the call. */
  get(key: string, options?: CallOptions): Promise<Entry | undefined>

  /**
   * All entries of a scope: below a prefix that ends in a slash, or the one key. Linearizable.
   * `after`: only keys greater than it; `limit`: at most so many.
   */
  list(
    scope: string,
    options?: CallOptions & { readonly after?: string; readonly limit?: number },
  ): Promise<Listing>

  /**
   * Applies all writes if all preconditions hold, else none: atomic.
   * @throws IndeterminateError the writes were sent and no answer came. It is not sent again.
   * @throws LeaseGoneError a put names a session that does not exist. Nothing was written.
   * @throws UsageError beyond the traits' limits. Nothing was sent.
   */
  commit(
    preconditions: readonly Precondition[],
    writes: readonly Write[],
    options?: CallOptions,
  ): Promise<CommitResult>

  /**
   * Follows one key, or everything below a prefix that ends in a slash: a snapshot no older than the call, then
   * changes, and a snapshot marked `reset` after a break. Each key converges to its newest state, absence
   * included; passing states may merge. Reconnects by itself until `signal` aborts, then rejects with its reason.
   * @throws UnavailableError only where trying again is hopeless (not `retryable`).
   */
  watch(scope: string, signal: AbortSignal): AsyncIterable<WatchEvent>

  /**
   * A new lease of `ttl` milliseconds, raised to the traits' minimum.
   * `owner`: the process that it is to end with, where the traits say that its death is seen.
   */
  grant(ttl: number, options?: CallOptions & { readonly owner?: ProcessIdentity }): Promise<Lease>

  /**
   * Lets the lease live for its TTL from now on; resolves to the TTL in force (milliseconds).
   * `owner`: from now on whom it is to end with, as in `grant`.
   * @throws LeaseGoneError it does not exist.
   */
  renew(id: string, options?: CallOptions & { readonly owner?: ProcessIdentity }): Promise<number>

  /** Ends the lease and removes its keys, at once. One that is gone already is no error. */
  revoke(id: string, options?: CallOptions): Promise<void>

  /**
   * Frees everything: nothing of the backend keeps the process alive afterwards. Watches end. Leases live on.
   * `ending`: the process ends right after, so what the system then frees by itself may be left to it.
   */
  close(options?: { readonly ending?: boolean }): Promise<void>
}

export interface OpenOptions {
  /** Where credentials and the default file's directory are looked up. */
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds after which a single call is given up. Default 5000. */
  readonly callLimit?: number
  /** The process will be short, or wait most of its time: a quick start and end matter more than throughput. */
  readonly shortLived?: boolean
  /** Of a file on this machine: what was acknowledged outlives a loss of power too, not only this process. */
  readonly durable?: boolean
}

/** What a backend's folder exports. */
export interface BackendModule {
  /** Absent where only the server behind the URL knows them. */
  readonly traits?: Traits
  /**
   * Cancelled, where the opening needs the store, it leaves nothing behind.
   * @throws UsageError the URL is malformed.
   * @throws UnavailableError already the opening needs the store, and it is out of reach.
   */
  open(url: string, options: OpenOptions, call?: CallOptions): Promise<Backend>
}

/** What became of a claim. */
export type ClaimResult =
  /** `token` rises with each holder. `key` is where the claim is written: while it does not change, the claim stands. */
  | { readonly outcome: 'ok'; readonly token: number; readonly key: string }
  /** All slots are taken. Worth another try when anything below the name changes. */
  | { readonly outcome: 'held' }
  /** The name is used with another number of slots, or by something else. */
  | { readonly outcome: 'conflict' }
  /** It is free, but the store lets nobody have it yet (Consul's lock-delay). Worth another try soon. */
  | { readonly outcome: 'delayed' }

/**
 * An optional extension: the last step of a lock, where other tools share a native layout that says who holds it.
 * `name` is the lock's full prefix without the slash, `rdv/lock/NAME`; the session holds the key `<name>/<session>`.
 */
export interface Claimable {
  /**
   * Takes one of the lock's slots for a session. What the session holds already it is given again, so an unanswered
   * claim is looked up by another one.
   * @throws IndeterminateError it was sent and no answer came.
   * @throws LeaseGoneError the session, or its key, does not exist. Nothing was written.
   */
  claim(name: string, slots: number, lease: string, options?: CallOptions): Promise<ClaimResult>

  /** Whether the session holds one of the lock's slots. Linearizable. */
  claimed(name: string, slots: number, lease: string, options?: CallOptions): Promise<boolean>

  /**
   * Gives the slot back. One that is not held is no error.
   * @throws IndeterminateError it was sent and no answer came; doing it again does no harm.
   */
  release(name: string, slots: number, lease: string, options?: CallOptions): Promise<void>
}

/** Somebody who waits, and for what. */
export interface Waiter {
  /** What the targets are, where they are neither signals nor probes. */
  readonly kind?: 'counter' | 'waitgroup'
  /** As they were written, without secrets. */
  readonly targets: readonly string[]
  /** Of keys without a state of their own: those that release it. Absent where it waits until nothing holds. */
  readonly states?: readonly string[]
  /** Those that end it with a no. */
  readonly failStates?: readonly string[]
  /** Of a process that has told it; of plain requests the address that they came from. */
  readonly host: string
  readonly pid?: number
  /** ISO 8601, of the waiter's clock. */
  readonly since: string
  /** Milliseconds; absent where it waits for as long as it takes. */
  readonly timeout?: number
  /** Names this wait among all. Its waiter tells how it ends, unless it is released or dies. */
  readonly id?: string
  /** The members that a group needs, all of them ready, or instead the ready members that it needs. */
  readonly min?: number
  readonly ready?: number
  /** The number of targets that are enough. Absent: all. */
  readonly need?: number
  /** It waits until no target is in one of these states. */
  readonly not?: readonly string[]
  /** Decimal text: what a counter must be, and the work that must have been added to a wait group. */
  readonly atLeast?: string
  readonly atMost?: string
  readonly equals?: string
  readonly expect?: string
}

/** How a wait ended, as its waiter tells it. */
export interface WaitEnd {
  /** `gone`: the waiter gave up before it had an answer. */
  readonly outcome: 'released' | 'timeout' | 'failed' | 'gone'
  /** Why, in a few words. */
  readonly reason?: string | undefined
}

/** Those who wait, oldest first. */
export interface Waiters {
  readonly waiters: readonly Waiter[]
  /** How many more there are than are listed. */
  readonly unlisted: number
}

/** An optional extension: the store is served by somebody who sees who waits, without a write. */
export interface WaiterRegistry {
  /** Lets it be known that somebody waits, until the signal aborts or the process ends. Never rejects. */
  announce(namespace: string, waiter: Waiter, signal: AbortSignal): Promise<void>

  /**
   * Tells how a wait ends that was announced under this id.
   * @throws UnavailableError nobody was told.
   */
  conclude(namespace: string, id: string, end: WaitEnd, options?: CallOptions): Promise<void>

  /** Of a namespace, as many as can be told quickly. */
  waiters(namespace: string, options?: CallOptions): Promise<Waiters>
}

/** An optional extension: what a person should know about the store behind the backend. */
export interface Diagnosable {
  diagnose(options?: CallOptions): Promise<Diagnosis>
}

export interface Diagnosis {
  /** The store's name and version, "etcd 3.5.30". */
  readonly version: string
  /** One sentence each: known to be unsafe or degraded. */
  readonly warnings: readonly string[]
}
