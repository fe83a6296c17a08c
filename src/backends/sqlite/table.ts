import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { now } from '../../base/clock.ts'
import { LeaseGoneError } from '../../base/errors.ts'
import type { Change, CommitResult, Entry, Listing, Precondition, Write } from '../backend.ts'
import { holds } from '../preconditions.ts'
import { bootId, type ProcessIdentity } from '../process-identity.ts'
import { isPrefix } from '../watch/scope.ts'
import { inTransaction, PAGE } from './database.ts'
import { DiskSpace } from './disk-space.ts'
import { TakenOverError } from './errors.ts'
import { isUnwritable } from './failure.ts'
import { LeaseOwners } from './lease-owners.ts'

/** The number of deletions that are kept for watchers of other processes. A watcher that missed more starts again. */
const DELETIONS_KEPT = 10_000

const NONE: ReadonlySet<string> = new Set()

/** True unless another machine has taken the file over since: it has another clock, and sees other processes. */
const OURS = "EXISTS (SELECT 1 FROM store WHERE boot = $boot OR $boot = '')"

const LEASES = 'SELECT id, expires, owner FROM lease'
const OWNED = `${LEASES} WHERE owner IS NOT NULL`
/** Evaluated once for each lease, because keys without a lease may be many. */
const BINDS_BETWEEN =
  'EXISTS (SELECT 1 FROM entry WHERE session = lease.id AND key >= ? AND key < ?)'

/** With more scopes than this, checking all leases costs less. */
const MAX_LISTED_OWNERS = 16

type Row = Record<string, SQLOutputValue>

interface LeaseRow {
  readonly id: string
  readonly expires: number
  readonly owner: string | null
}

const toEntry = (row: Row): Entry => ({
  key: row.key as string,
  value: row.value as Uint8Array,
  createRevision: row.create_revision as number,
  modRevision: row.mod_revision as number,
  ...(row.session !== null && { lease: row.session as string }),
})

/**
 * The store's tables, and the operations on them within one transaction. Everything here is synchronous. Reads and
 * commits of keys first remove the ended leases behind these keys. The result of a write is read by a separate
 * statement: RETURNING creates a table for its one row, which takes a short command longer than the write.
 */
export class Table {
  readonly #db: DatabaseSync
  readonly #owners = new LeaseOwners()
  readonly #diskSpace: DiskSpace | undefined
  readonly #prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>()
  #followed: readonly LeaseRow[] = []
  #nextExpiry: SQLOutputValue | undefined
  /** How often this table has raised the revision. Other processes that follow the store must be notified each time. */
  advances = 0
  /** Leases that have ended, but cannot be removed at the moment. */
  passedOver: ReadonlySet<string> = NONE

  /** `path`: the database file, on whose disk there must be room. Absent for a database in memory. */
  constructor(connection: DatabaseSync, path?: string) {
    this.#db = connection
    this.#diskSpace = path === undefined ? undefined : new DiskSpace(path)
  }

  /** The revision of the newest commit. */
  revision(): number {
    return this.#statement('SELECT revision FROM store').get()?.revision as number
  }

  get(key: string): Entry | undefined {
    this.tidy([key])
    const entry = this.#entry(key)
    return entry && this.#counts(entry) ? entry : undefined
  }

  /** Lists all keys below a prefix, or the one key of an exact scope. */
  list(scope: string, after = '', limit = -1): Listing {
    this.tidy([scope])
    return this.#atOnce(() => {
      const revision = this.revision()
      if (!isPrefix(scope)) {
        const entry = this.#entry(scope)
        return { entries: entry && this.#counts(entry) ? [entry] : [], revision }
      }
      // Entries that do not count must not use up the limit, so it is applied after they are removed.
      const most = limit < 0 || this.passedOver.size === 0 ? limit : -1
      const rows = this.#statement(
        'SELECT * FROM entry WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?',
      ).all(after, scope, endOf(scope), most)
      const entries = rows.map(toEntry).filter((entry) => this.#counts(entry))
      return { entries: limit < 0 ? entries : entries.slice(0, limit), revision }
    })
  }

  commit(preconditions: readonly Precondition[], writes: readonly Write[]): CommitResult {
    this.#sweep([...preconditions, ...writes].map(({ key }) => key))
    return inTransaction(this.#db, () => {
      if (
        !preconditions.every((precondition) => holds(precondition, this.#entry(precondition.key)))
      ) {
        return { outcome: 'refused', entries: this.#current(preconditions) }
      }
      const revision = this.#advance()
      for (const write of writes) {
        if (write.kind === 'put') this.#put(write, revision)
        else this.#delete(write.key, revision)
      }
      this.#diskSpace?.require(this.#size())
      return { outcome: 'ok', revision }
    })
  }

  /** Returns the new lease's id. */
  grant(ttl: number, owner: ProcessIdentity | undefined): string {
    const id = this.#statement('SELECT lower(hex(randomblob(16))) AS id').get()?.id as string
    const holder = owner ? JSON.stringify(owner) : null
    const { changes } = this.#statement(
      `INSERT INTO lease SELECT $id, $ttl, $expires, $holder WHERE ${OURS}`,
    ).run({ id, ttl, expires: now() + ttl, holder, boot: bootId() })
    if (changes === 0) throw new TakenOverError()
    return id
  }

  /** Returns the TTL in force (milliseconds). The owner stays the same unless another one is given. */
  renew(id: string, owner: ProcessIdentity | undefined): number {
    return inTransaction(this.#db, () => {
      const { changes } = this.#statement(
        `UPDATE lease SET expires = $now + ttl, owner = coalesce($owner, owner)
         WHERE id = $id AND expires > $now AND ${OURS}`,
      ).run({ now: now(), owner: owner ? JSON.stringify(owner) : null, id, boot: bootId() })
      if (changes === 0) throw new LeaseGoneError(id)
      return this.#statement('SELECT ttl FROM lease WHERE id = ?').get(id)?.ttl as number
    })
  }

  revoke(id: string): void {
    inTransaction(this.#db, () => this.#end([id]))
  }

  /**
   * Makes several changes in one transaction. Each of them fails alone.
   * @throws the error that made SQLite roll back all of them.
   */
  applyAll(changes: readonly ((table: Table) => unknown)[]): PromiseSettledResult<unknown>[] {
    return inTransaction(this.#db, () =>
      changes.map((change) => {
        try {
          return { status: 'fulfilled', value: inTransaction(this.#db, () => change(this)) }
        } catch (reason) {
          if (!this.#db.isTransaction) throw reason
          return { status: 'rejected', reason }
        }
      }),
    )
  }

  /**
   * Removes, with their keys, the leases that have expired and those behind the scopes' keys whose owner has died.
   * Returns whether there were any. It looks for them before it locks the file: checking processes takes longer than
   * any write, and a process that is stopped while it holds the lock blocks all others.
   */
  #sweep(scopes: readonly string[]): boolean {
    const ended = this.#ended(scopes)
    if (ended.length === 0) return false
    inTransaction(this.#db, () => this.#end(ended.filter(this.#isUnchanged).map(({ id }) => id)))
    return true
  }

  /**
   * Does the same as `#sweep`, but for reads. If the file cannot be written (because the disk is full, for example),
   * reads pass over the ended leases.
   */
  tidy(scopes: readonly string[]): boolean {
    try {
      const swept = this.#sweep(scopes)
      if (swept && this.passedOver.size > 0) this.passedOver = NONE
      return swept
    } catch (error) {
      if (!isUnwritable(error)) throw error
      const ids = this.#ended(scopes).map(({ id }) => id)
      // A new set object shows that something has changed.
      if (!ids.every((id) => this.passedOver.has(id)))
        this.passedOver = new Set([...this.passedOver, ...ids])
      return false
    }
  }

  #counts({ lease }: Entry): boolean {
    return lease === undefined || !this.passedOver.has(lease)
  }

  /** The changes since a revision, in order; `undefined` if the deletions since then are no longer remembered. */
  changesSince(revision: number): { changes: Change[]; revision: number } | undefined {
    if (this.revision() === revision) return { changes: [], revision }
    return this.#atOnce(() => {
      const oldest = this.#statement('SELECT id, revision FROM deletion ORDER BY id LIMIT 1').get()
      if (oldest && (oldest.id as number) > 1 && (oldest.revision as number) > revision)
        return undefined
      const puts = this.#statement('SELECT * FROM entry WHERE mod_revision > ?').all(revision)
      const deletions = this.#statement('SELECT * FROM deletion WHERE revision > ?').all(revision)
      return { changes: inOrder(puts, deletions), revision: this.revision() }
    })
  }

  #put(write: Write & { kind: 'put' }, revision: number): void {
    if (write.lease) this.#requireLease(write.lease)
    const session = write.lease === undefined ? 'entry.session' : 'excluded.session'
    this.#statement(
      `INSERT INTO entry VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, mod_revision = excluded.mod_revision, session = ${session}`,
    ).run(write.key, write.value, revision, revision, write.lease ?? null)
  }

  #delete(key: string, revision: number): void {
    if (this.#statement('DELETE FROM entry WHERE key = ?').run(key).changes === 0) return
    const { lastInsertRowid } = this.#statement(
      'INSERT INTO deletion (key, revision) VALUES (?, ?)',
    ).run(key, revision)
    this.#statement('DELETE FROM deletion WHERE id <= ?').run(
      Number(lastInsertRowid) - DELETIONS_KEPT,
    )
  }

  /** Bytes of the database, including the part in the log. The pragma as a table takes a millisecond to prepare. */
  #size(): number {
    return (this.#statement('PRAGMA page_count').get()?.page_count as number) * PAGE
  }

  #requireLease(id: string): void {
    const lease = this.#statement('SELECT 1 FROM lease WHERE id = ? AND expires > ?').get(id, now())
    if (!lease) throw new LeaseGoneError(id)
  }

  /** The leases that have expired, and those behind the scopes' keys whose owner has died. */
  #ended(scopes: readonly string[]): LeaseRow[] {
    const time = now()
    const expired = this.#leases(`${LEASES} WHERE expires <= ?`, time)
    const owned = this.#owned(scopes)
    if (expired.length + owned.length === 0) return []
    const all = new Map([...expired, ...owned].map((lease) => [lease.id, lease]))
    return this.#owners.ended([...all.values()], time)
  }

  /** Does the same as `tidy`, for a process that follows the scopes. It remembers what `mayEnd` needs. */
  scan(scopes: readonly string[]): boolean {
    const swept = this.tidy(scopes)
    this.#followed = this.#owned(scopes)
    this.#nextExpiry = this.#statement('SELECT min(expires) AS next FROM lease').get()?.next
    return swept
  }

  /** Whether a lease may have ended since the last `scan`. Does not read the file. */
  mayEnd(): boolean {
    const next = this.#nextExpiry
    if (typeof next === 'number' && next <= now()) return true
    return this.#owners.areGone(this.#followed)
  }

  #owned(scopes: readonly string[]): LeaseRow[] {
    return scopes.length > MAX_LISTED_OWNERS ? this.#leases(OWNED) : scopes.flatMap(this.#ownedIn)
  }

  readonly #ownedIn = (scope: string): LeaseRow[] =>
    isPrefix(scope)
      ? this.#leases(`${OWNED} AND ${BINDS_BETWEEN}`, scope, endOf(scope))
      : this.#leases(`${OWNED} AND id = (SELECT session FROM entry WHERE key = ?)`, scope)

  #leases(sql: string, ...values: readonly SQLInputValue[]): LeaseRow[] {
    return this.#statement(sql).all(...values) as unknown as LeaseRow[]
  }

  /** Another process may have renewed the lease in the meantime. */
  readonly #isUnchanged = ({ id, expires, owner }: LeaseRow): boolean =>
    this.#statement('SELECT 1 FROM lease WHERE id = ? AND expires = ? AND owner IS ?').get(
      id,
      expires,
      owner,
    ) !== undefined

  #end(leases: readonly string[]): void {
    for (const id of leases) {
      if (this.#statement('DELETE FROM lease WHERE id = ?').run(id).changes === 0) continue
      const keys = this.#statement('SELECT key FROM entry WHERE session = ?').all(id)
      if (keys.length === 0) continue
      const revision = this.#advance()
      for (const { key } of keys) this.#delete(key as string, revision)
    }
  }

  #advance(): number {
    const { changes } = this.#statement(
      "UPDATE store SET revision = revision + 1 WHERE ? IN (boot, '')",
    ).run(bootId())
    if (changes === 0) throw new TakenOverError()
    this.advances++
    return this.revision()
  }

  #entry(key: string): Entry | undefined {
    const row = this.#statement('SELECT * FROM entry WHERE key = ?').get(key)
    return row && toEntry(row)
  }

  #current(preconditions: readonly Precondition[]): Entry[] {
    const keys = [...new Set(preconditions.map((precondition) => precondition.key))]
    return keys.map((key) => this.#entry(key)).filter((entry) => entry !== undefined)
  }

  /** Makes several reads of one and the same state. */
  #atOnce<T>(body: () => T): T {
    if (this.#db.isTransaction) return body()
    this.#db.exec('BEGIN')
    try {
      return body()
    } finally {
      this.#db.exec('COMMIT')
    }
  }

  #statement(sql: string): ReturnType<DatabaseSync['prepare']> {
    const there = this.#prepared.get(sql)
    if (there) return there
    const statement = this.#db.prepare(sql)
    this.#prepared.set(sql, statement)
    return statement
  }
}

/** The first string after all strings that begin with a prefix: `/` is followed by `0`. */
const endOf = (prefix: string): string => `${prefix.slice(0, -1)}0`

const inOrder = (puts: readonly Row[], deletions: readonly Row[]): Change[] => {
  const changes: (readonly [revision: number, change: Change])[] = [
    ...deletions.map((row) => {
      const revision = row.revision as number
      return [revision, { kind: 'delete', key: row.key as string, revision }] as const
    }),
    ...puts.map(
      (row) => [row.mod_revision as number, { kind: 'put', entry: toEntry(row) }] as const,
    ),
  ]
  return changes.sort(([a], [b]) => a - b).map(([, change]) => change)
}
