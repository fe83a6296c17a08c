import type { CoordinationError } from '../base/errors.ts'
import type { ProcessIdentity } from './process-identity.ts'

/**
 * A key's newest state in the store.
 *
 * Revisions are whole numbers below 2^53. They rise with every commit to the store, also after the store was recreated.
 * All entries that one commit wrote share one revision.
 */
export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  /** The revision of the commit that created the key, since the key was last absent. */
  readonly createRevision: number
  /** The revision of the commit that wrote the key last. */
  readonly modRevision: number
  /** The lease that the key is bound to. The key is removed when this lease ends. */
  readonly lease?: string
}

/** A condition on one key that must hold at the instant of the commit. */
export type Precondition =
  | { readonly kind: 'absent'; readonly key: string }
  | { readonly kind: 'unchanged'; readonly key: string; readonly modRevision: number }
  | { readonly kind: 'heldBy'; readonly key: string; readonly lease: string }

/** A change of one key. A commit has at most one write for each key. */
export type Write =
  | {
      readonly kind: 'put'
      readonly key: string
      readonly value: Uint8Array
      /** `undefined` keeps the key's lease (none for a new key), `null` removes it, an id replaces it. */
      readonly lease?: string | null
    }
  /** Deleting an absent key is no error. */
  | { readonly kind: 'delete'; readonly key: string }

export type CommitResult =
  | { readonly outcome: 'ok'; readonly revision: number }
  /**
   * A precondition did not hold, and nothing was written. `entries`: the current entries of the keys that the
   * preconditions name; absent keys are left out.
   */
  | { readonly outcome: 'refused'; readonly entries: readonly Entry[] }
  /** The key is free, but the store does not allow binding it yet (Consul's lock-delay). Nothing was written. */
  | { readonly outcome: 'delayed' }

/** Entries in key order (by UTF-8 bytes), as of `revision`. */
export interface Listing {
  readonly entries: readonly Entry[]
  readonly revision: number
}

export type Change =
  | { readonly kind: 'put'; readonly entry: Entry }
  /** `revision`: a revision at which the key was absent. The deletion happened at this revision or before it. */
  | { readonly kind: 'delete'; readonly key: string; readonly revision: number }

export type WatchEvent =
  /**
   * The whole content of the scope. `reset`: changes may have been missed since the last event, so the watcher must
   * discard what it knew.
   */
  | (Listing & { readonly kind: 'snapshot'; readonly reset: boolean })
  | { readonly kind: 'changes'; readonly changes: readonly Change[] }
  /** The store is unreachable. The watch keeps trying, and a snapshot follows. This event is for messages to users. */
  | { readonly kind: 'interrupted'; readonly cause: CoordinationError }

export interface Lease {
  readonly id: string
  /** Milliseconds in force. The backend may have raised the requested TTL to one that it supports. */
  readonly ttl: number
}

/**
 * What a backend can do, as data. Calls are checked against it, `doctor` shows it, and the table in the documentation
 * is generated from it.
 */
export interface Traits {
  /** The backend's name for users. */
  readonly name: string
  /** Which processes can meet in the store: only this one, one user's on one machine, or all that can reach it. */
  readonly reach: 'process' | 'machine' | 'network'
  /** Shortest and longest TTL of a lease, in milliseconds. */
  readonly minTtl: number
  readonly maxTtl: number
  /** TTL of a session for which none was chosen, in milliseconds. It outlives the usual loss of a cluster's leader. */
  readonly defaultTtl: number
  /** The keys of a dead session are removed within this many times its TTL. */
  readonly expiryFactor: 1 | 2
  /** Whether a session ends at once when its process on this machine dies. */
  readonly seesDeath: boolean
  /** Limits of one commit: bytes of all keys and values in its writes, and number of preconditions plus writes. */
  readonly maxCommitBytes: number
  readonly maxCommitOperations: number
  /** Whether all waiters are known, or only those that announce themselves, which costs a write. */
  readonly waiters: 'known' | 'announced'
}

export interface CallOptions {
  /** Cancels the call: a read rejects with the signal's reason, a commit that was sent with IndeterminateError. */
  readonly signal?: AbortSignal
}

/**
 * A store in which processes coordinate. It offers few primitives, on which every recipe is written once.
 *
 * Keys are full names, such as `rdv/signal/deploy/node1`. Every call ends within the backend's call limit, whatever the
 * network does. Within that limit a backend may try again, but it never repeats a commit that got no answer. Every call
 * throws UnavailableError if the store is unreachable or refuses access; then nothing was written.
 */
export interface Backend {
  /** The store's address as a person writes it, without secrets. */
  readonly address: string
  readonly traits: Traits
  /** The store's epoch, which changes when the store is recreated. Absent if the backend cannot determine it. */
  readonly epoch?: string
  /** Whether any number of watches of one client costs the store only a few: callers need not share them again. */
  readonly sharesWatches?: boolean

  /** Reads one key. Linearizable: it sees every commit that was acknowledged to any client before the call. */
  get(key: string, options?: CallOptions): Promise<Entry | undefined>

  /**
   * All entries of a scope: of the keys below a prefix that ends in a slash, or of one key. Linearizable.
   * `after`: only keys greater than this one. `limit`: at most this many entries.
   */
  list(
    scope: string,
    options?: CallOptions & { readonly after?: string; readonly limit?: number },
  ): Promise<Listing>

  /**
   * Applies all writes if all preconditions hold, otherwise none. The commit is atomic.
   * @throws IndeterminateError the writes were sent and no answer came. They are not sent again.
   * @throws LeaseGoneError a put names a lease that does not exist. Nothing was written.
   * @throws UsageError the commit exceeds the traits' limits. Nothing was sent.
   */
  commit(
    preconditions: readonly Precondition[],
    writes: readonly Write[],
    options?: CallOptions,
  ): Promise<CommitResult>

  /**
   * Follows one key, or all keys below a prefix that ends in a slash. It yields a snapshot that is not older than the
   * call, then changes, and after a break a snapshot marked `reset`. Each key converges to its newest state, including
   * absence; states in between may be skipped. The watch reconnects by itself until `signal` aborts, and then rejects
   * with the signal's reason.
   * @throws UnavailableError only if trying again is hopeless (not `retryable`).
   */
  watch(scope: string, signal: AbortSignal): AsyncIterable<WatchEvent>

  /**
   * Creates a lease of `ttl` milliseconds, raised to the traits' minimum.
   * `owner`: the process whose death ends the lease, if the traits say that the backend sees it (`seesDeath`).
   */
  grant(ttl: number, options?: CallOptions & { readonly owner?: ProcessIdentity }): Promise<Lease>

  /**
   * Lets the lease live for its TTL from now on. Resolves to the TTL in force (milliseconds).
   * `owner`: from now on the owner of the lease, as in `grant`. Without it the owner stays the same.
   * @throws LeaseGoneError the lease does not exist.
   */
  renew(id: string, options?: CallOptions & { readonly owner?: ProcessIdentity }): Promise<number>

  /** Ends the lease and removes its keys, at once. A lease that is already gone is no error. */
  revoke(id: string, options?: CallOptions): Promise<void>

  /**
   * Releases all resources: afterwards nothing of the backend keeps the process alive. Watches end. Leases live on.
   * `ending`: the process ends right after, so the backend may leave to the operating system what that then frees.
   */
  close(options?: { readonly ending?: boolean }): Promise<void>
}

export interface OpenOptions {
  /** The environment variables, which hold credentials and the default file's directory. */
  readonly env: NodeJS.ProcessEnv
  /** Milliseconds after which a single call is given up. Default 5000. */
  readonly callLimit?: number
  /** The process is short, or mostly waits: a quick start and end matter more than throughput. */
  readonly shortLived?: boolean
  /** For a file on this machine: acknowledged changes also survive a loss of power, not only the process's end. */
  readonly durable?: boolean
}

/** The exports of a backend's folder. */
export interface BackendModule {
  /** Absent if only the server behind the URL knows the traits. */
  readonly traits?: Traits
  /**
   * Opens the store. If the opening needs the store and is cancelled, it leaves nothing behind.
   * @throws UsageError the URL is malformed.
   * @throws UnavailableError the opening needs the store, and the store is unreachable.
   */
  open(url: string, options: OpenOptions, call?: CallOptions): Promise<Backend>
}

/** The result of a claim. */
export type ClaimResult =
  /**
   * `token`: the fencing token, which rises with each holder. `key` records the claim: while it does not change, the
   * claim is valid.
   */
  | { readonly outcome: 'ok'; readonly token: number; readonly key: string }
  /** All slots are taken. The caller should try again when a key below the name changes. */
  | { readonly outcome: 'held' }
  /** The name is in use with another number of slots, or for something else. */
  | { readonly outcome: 'conflict' }
  /**
   * A slot is free, but the session cannot have it yet: the store delays it (Consul's lock-delay), or other clients
   * keep changing the lock. The caller should try again soon.
   */
  | { readonly outcome: 'delayed' }

/**
 * An optional extension: the last step of taking a lock, on a store where other tools share a native layout that
 * determines the holders. `name` is the lock's full prefix without the slash, `rdv/lock/NAME`. The session holds the
 * key `<name>/<session>`.
 */
export interface Claimable {
  /**
   * Takes one of the lock's slots for a session. If the session already holds a slot, the claim succeeds again. So a
   * caller that got no answer learns the outcome by another claim.
   * @throws IndeterminateError the claim was sent and no answer came.
   * @throws LeaseGoneError the session, or its key, does not exist. Nothing was written.
   */
  claim(name: string, slots: number, lease: string, options?: CallOptions): Promise<ClaimResult>

  /** Whether the session holds one of the lock's slots. Linearizable. */
  claimed(name: string, slots: number, lease: string, options?: CallOptions): Promise<boolean>

  /**
   * Gives the slot back. A slot that is not held is no error.
   * @throws IndeterminateError the release was sent and no answer came. Repeating it does no harm.
   */
  release(name: string, slots: number, lease: string, options?: CallOptions): Promise<void>
}

/** A waiter, and what it waits for. */
export interface Waiter {
  /** The kind of the targets, if they are neither signals nor probes. */
  readonly kind?: 'counter' | 'waitgroup'
  /** The targets as the user wrote them, without secrets. */
  readonly targets: readonly string[]
  /** The states that release the waiter, for keys named without a state. Absent if it waits until no target holds. */
  readonly states?: readonly string[]
  /** The states that make the wait fail. */
  readonly failStates?: readonly string[]
  /** The host of a process that announced itself, or the address that a plain request came from. */
  readonly host: string
  readonly pid?: number
  /** ISO 8601, by the waiter's clock. */
  readonly since: string
  /** Milliseconds. Absent if the waiter waits without a limit. */
  readonly timeout?: number
  /** Identifies this wait among all. Its waiter reports the end under this id, unless it is released or dies. */
  readonly id?: string
  /** For a group: the members that it needs, all of them ready (`min`), or the ready members that it needs instead. */
  readonly min?: number
  readonly ready?: number
  /** The number of targets that suffice. Absent: all. */
  readonly need?: number
  /** The waiter waits until no target is in one of these states. */
  readonly not?: readonly string[]
  /** Decimal text: the bounds of a counter, and the work that must have been added to a wait group (`expect`). */
  readonly atLeast?: string
  readonly atMost?: string
  readonly equals?: string
  readonly expect?: string
}

/** How a wait ended, as its waiter reports it. */
export interface WaitEnd {
  /** `gone`: the waiter gave up before it had an answer. */
  readonly outcome: 'released' | 'timeout' | 'failed' | 'gone'
  /** The reason, in a few words. */
  readonly reason?: string | undefined
}

/** The waiters, oldest first. */
export interface Waiters {
  readonly waiters: readonly Waiter[]
  /** The number of waiters that are not listed. */
  readonly unlisted: number
}

/** An optional extension: a server in front of the store knows the waiters, without a write. */
export interface WaiterRegistry {
  /** Announces a waiter, until the signal aborts or the process ends. Never rejects. */
  announce(namespace: string, waiter: Waiter, signal: AbortSignal): Promise<void>

  /**
   * Reports how the wait that was announced under this id ended.
   * @throws UnavailableError the server did not confirm the report.
   */
  conclude(namespace: string, id: string, end: WaitEnd, options?: CallOptions): Promise<void>

  /** The waiters of a namespace, as many as can be listed quickly. */
  waiters(namespace: string, options?: CallOptions): Promise<Waiters>
}

/** An optional extension: information for users about the store behind the backend. */
export interface Diagnosable {
  diagnose(options?: CallOptions): Promise<Diagnosis>
}

export interface Diagnosis {
  /** The store's name and version, such as "etcd 3.5.30". */
  readonly version: string
  /** Known hazards and degradations, one sentence each. */
  readonly warnings: readonly string[]
}
