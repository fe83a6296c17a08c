import { setTimeout as sleep } from 'node:timers/promises'
import { backoff } from '../../base/backoff.ts'
import { now } from '../../base/clock.ts'
import { describe, LostError, TimeoutError, UnavailableError } from '../../base/errors.ts'
import { explainSilence } from '../../base/outage.ts'
import type {
  Backend,
  CallOptions,
  CommitResult,
  Diagnosable,
  Diagnosis,
  Entry,
  Lease,
  Listing,
  Precondition,
  Traits,
  WatchEvent,
  Write,
} from '../backend.ts'
import { checkCommit } from '../operations.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import { Feed } from '../watch/feed.ts'
import type { WatchQueue } from '../watch/watch-queue.ts'
import { ChangeWatcher, notify } from './change-watcher.ts'
import { CommitGroup } from './commit-group.ts'
import { type Database, hasShortLog, inodeOf, openDatabase, UNKNOWN } from './database.ts'
import { isBusy, isFull, isReadOnly, translate } from './failure.ts'
import { Table } from './table.ts'

export interface SqliteOptions {
  readonly path: string | ':memory:'
  readonly address: string
  readonly traits: Traits
  /** Milliseconds after which a call on a locked file fails. Default: 5000. */
  readonly callLimit?: number
  /** Whether a commit survives a loss of power. Default: it survives the death of the process. */
  readonly durable?: boolean
  /** Called once before the first lease or watch. Throws if other processes cannot share the file. */
  readonly validate?: () => Promise<void>
}

/** Number of scans of which one reads the file: a process may change it without the bell file, or remove it. */
const FULL_SCAN_EVERY = 4

/**
 * A store in one SQLite file for any number of processes of one machine, or in memory for one process.
 *
 * If the file is removed or replaced, the backend continues with the new file, which has its own leases.
 */
export class SqliteBackend implements Backend, Diagnosable {
  readonly address: string
  readonly traits: Traits
  readonly sharesWatches = true
  readonly #options: SqliteOptions
  readonly #feed = new Feed(() => this.#changes.stop())
  readonly #changes: ChangeWatcher
  readonly #group = new CommitGroup((changes) => this.#call({}, (table) => table.applyAll(changes)))
  #database: Database
  #table: Table
  /** The revision up to which the watchers have received the changes. */
  #cursor = 0
  #opening: Promise<void> | undefined
  /** The watchers know that the file cannot be used, and must start from a snapshot. */
  #troubled = false
  #closed = false
  /** Number of scans since the watches or the entries changed. */
  #scans = 0
  #validated: Promise<void> | undefined

  private constructor(options: SqliteOptions, database: Database) {
    this.#options = options
    this.address = options.address
    this.traits = options.traits
    this.#database = database
    this.#table = tableOf(database, options)
    this.#changes = new ChangeWatcher(() => this.#database.file, {
      changed: () => this.#readChanges(),
      scan: () => this.#scan(),
    })
  }

  static async open(options: SqliteOptions, call: CallOptions = {}): Promise<SqliteBackend> {
    const database = await retrying(options, call, () =>
      openDatabase(options.path, options.durable, call),
    )
    return new SqliteBackend(options, database)
  }

  /** Identifies this life of the store: a recreated store has another epoch. */
  get epoch(): string {
    return this.#database.epoch
  }

  get(key: string, options: CallOptions = {}): Promise<Entry | undefined> {
    return this.#call(options, (table) => table.get(key))
  }

  list(
    scope: string,
    options: CallOptions & { after?: string; limit?: number } = {},
  ): Promise<Listing> {
    return this.#call(options, (table) => table.list(scope, options.after, options.limit))
  }

  async commit(
    preconditions: readonly Precondition[],
    writes: readonly Write[],
    options: CallOptions = {},
  ): Promise<CommitResult> {
    checkCommit(preconditions, writes, this.traits)
    const result = await this.#change(options, (table) => table.commit(preconditions, writes))
    this.#readChanges()
    return result
  }

  async *watch(scope: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    for (const pause of backoff()) {
      const begun = await this.#subscribe(scope, signal).catch(requireTransient)
      if (!(begun instanceof UnavailableError)) yield* begun
      else yield { kind: 'interrupted', cause: begun }
      await pause(signal)
      signal.throwIfAborted()
    }
  }

  async #subscribe(scope: string, signal: AbortSignal): Promise<WatchQueue> {
    await this.#validate()
    return this.#call({ signal }, (table) => {
      if (this.#feed.empty) this.#start(table)
      this.#scans = 0
      const listing = table.list(scope)
      const subscription = this.#feed.subscribe(scope, signal)
      subscription.begin(listing)
      return subscription.queue
    })
  }

  async grant(
    ttl: number,
    options: CallOptions & { owner?: ProcessIdentity } = {},
  ): Promise<Lease> {
    await this.#validate()
    const length = Math.max(ttl, this.traits.minTtl)
    const owner = this.#ownerOf(options)
    return this.#change(options, (table) => ({ id: table.grant(length, owner), ttl: length }))
  }

  renew(id: string, options: CallOptions & { owner?: ProcessIdentity } = {}): Promise<number> {
    return this.#change(options, (table) => table.renew(id, this.#ownerOf(options)))
  }

  async revoke(id: string, options: CallOptions = {}): Promise<void> {
    await this.#change(options, (table) => table.revoke(id))
    this.#readChanges()
  }

  async diagnose(): Promise<Diagnosis> {
    const row = this.#database.connection.prepare('SELECT sqlite_version() AS version').get()
    return { version: `SQLite ${row?.version}`, warnings: [] }
  }

  async close({ ending = false }: { readonly ending?: boolean } = {}): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#changes.stop()
    this.#feed.fail(new LostError(`${this.address} was closed`))
    if (ending && hasShortLog(this.#database.file)) return
    if (this.#database.connection.isOpen) this.#database.connection.close()
  }

  async #call<T>(options: CallOptions, body: (table: Table) => T): Promise<T> {
    return retrying(this.#options, options, async () => {
      if (this.#closed)
        throw new UnavailableError(`${this.address} is closed`, { retryable: false })
      if (this.#replaced()) await this.#reopen()
      // A call may remove keys of dead processes. The watchers receive the last changes of these keys before.
      if (!this.#feed.empty) this.#publish()
      const { advances } = this.#table
      try {
        return body(this.#table)
      } catch (error) {
        if (isFull(error)) return await this.#withFreedSpace(body)
        throw this.#whyUnwritable(error)
      } finally {
        this.#notifyOthers(advances)
      }
    })
  }

  /** Wakes the watchers of other processes if the revision has advanced. */
  #notifyOthers(advances: number): void {
    if (this.#table.advances !== advances) notify(this.#database.file)
  }

  async #withFreedSpace<T>(body: (table: Table) => T): Promise<T> {
    const { freeSpace } = await import('./full-disk.ts')
    freeSpace(this.#database.connection)
    return body(this.#table)
  }

  /** The reason why the connection is read-only, for a write that failed on it. */
  #whyUnwritable(error: unknown): unknown {
    const { unwritable } = this.#database
    return unwritable !== undefined && isReadOnly(error) ? unwritable : error
  }

  /** Makes a change. Concurrent changes of a server's clients share a transaction, and its write to the disk. */
  async #change<T>(options: CallOptions, body: (table: Table) => T): Promise<T> {
    const { path, durable } = this.#options
    if (!durable && path !== ':memory:') return this.#call(options, body)
    options.signal?.throwIfAborted()
    try {
      return await this.#group.apply(body)
    } catch (error) {
      throw translate(error, path)
    }
  }

  /** Validates the file once. Commands without lease or watch skip this, because it takes too long for them. */
  async #validate(): Promise<void> {
    this.#validated ??= this.#options.validate?.()
    await this.#validated
  }

  #ownerOf({ owner }: { owner?: ProcessIdentity }): ProcessIdentity | undefined {
    return this.traits.seesDeath ? owner : undefined
  }

  #start(table: Table): void {
    this.#cursor = table.revision()
    this.#changes.start()
  }

  /** Checks for ended leases. If the bell file works, most scans check only processes and the clock. */
  #scan(): void {
    const due = this.#scans % FULL_SCAN_EVERY === 0 || !this.#changes.isNotified
    this.#scans++
    if (due || this.#table.mayEnd()) this.#readChanges({ sweeping: true })
  }

  /** Publishes the changes since the last publication. */
  #readChanges({ sweeping = false } = {}): void {
    if (this.#feed.empty) return
    try {
      if (this.#replaced()) void this.#reopen().catch((error) => this.#report(error))
      else {
        this.#publish()
        if (sweeping) this.#sweep()
      }
    } catch (error) {
      if (isBusy(error)) this.#changes.retry()
      else this.#report(error)
    }
  }

  #sweep(): void {
    const { passedOver } = this.#table
    const { advances } = this.#table
    const swept = this.#table.scan(this.#feed.scopes)
    this.#notifyOthers(advances)
    if (swept) this.#publish()
    else if (this.#table.passedOver !== passedOver) this.#reset()
  }

  #publish(): void {
    const news = this.#troubled ? undefined : this.#table.changesSince(this.#cursor)
    if (news) {
      if (news.changes.length > 0) this.#scans = 0
      this.#feed.publish(news.changes)
      this.#cursor = news.revision
    } else this.#reset()
  }

  /** Sends each watcher a snapshot. Changes after the cursor are published again, so that none is lost. */
  #reset(): void {
    this.#cursor = this.#table.revision()
    this.#feed.reset((scope) => this.#table.list(scope))
    this.#troubled = false
  }

  #report(error: unknown): void {
    this.#troubled = true
    const cause = translate(error, this.#options.path)
    if (cause instanceof UnavailableError) this.#feed.interrupted(cause)
    else this.#feed.fail(cause)
  }

  #replaced(): boolean {
    return this.#options.path !== ':memory:' && inodeOf(this.#options.path) !== this.#database.inode
  }

  #reopen(): Promise<void> {
    this.#opening ??= this.#openAnew().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /** Opens the new file. SQLite would take the old file's log for that of the new one while the old one is open. */
  async #openAnew(): Promise<void> {
    if (this.#database.connection.isOpen) this.#database.connection.close()
    this.#database = { ...this.#database, inode: UNKNOWN }
    this.#database = await openDatabase(this.#options.path, this.#options.durable)
    this.#table = tableOf(this.#database, this.#options)
    this.#changes.restart()
    this.#reset()
  }
}

const tableOf = ({ connection }: Database, { path }: SqliteOptions): Table =>
  new Table(connection, path === ':memory:' ? undefined : path)

/** The error, if another attempt may help. @throws any other error. */
const requireTransient = (error: unknown): UnavailableError => {
  if (error instanceof UnavailableError && error.retryable) return error
  throw error
}

/**
 * Repeats `body` while another process holds the file's lock, within the call's limit. If the deadline ends the call, the error
 * says what blocked it.
 */
const retrying = async <T>(
  { path, callLimit = 5_000 }: SqliteOptions,
  call: CallOptions,
  body: () => T | Promise<T>,
): Promise<T> => {
  const giveUp = now() + callLimit
  let busy: unknown
  for (;;) {
    if (busy && call.signal?.reason instanceof TimeoutError) throw translate(busy, path)
    call.signal?.throwIfAborted()
    try {
      return await body()
    } catch (error) {
      if (!isBusy(error) || now() > giveUp) throw translate(error, path)
      busy = error
      explainSilence(() => describe(translate(error, path)))
    }
    await sleep(1 + Math.random() * 10, undefined, { signal: call.signal }).catch(() => {})
  }
}
