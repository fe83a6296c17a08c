import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { LeaseGoneError } from '../../errors.ts'
import type { Change, CommitResult, Entry, Guard, Listing, Write } from '../backend.ts'
import { now } from '../clock.ts'
import { holds } from '../guards.ts'
import type { ProcessIdentity } from '../process-identity.ts'
import { isPrefix } from '../scope.ts'
import { inTransaction } from './database.ts'
import { Owners } from './owners.ts'

/** How many deletions are remembered for watchers of other processes; one that slept through more starts anew. */
const DELETIONS_KEPT = 10_000

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
  ...(row.session !== null && { session: row.session as string }),
})

/**
 * The store's tables and what one transaction on them means. Everything here is synchronous, and begins by
 * sweeping out the leases that have ended. What a write has made is asked for apart: RETURNING makes a table for its
 * one row, which takes a short command longer than the write.
 */
export class Table {
  readonly #db: DatabaseSync
  readonly #owners = new Owners()
  readonly #prepared = new Map<string, ReturnType<DatabaseSync['prepare']>>()

  constructor(connection: DatabaseSync) {
    this.#db = connection
  }

  /** That of the newest commit. */
  revision(): number {
    return this.#statement('SELECT revision FROM store').get()?.revision as number
  }

  get(key: string): Entry | undefined {
    this.sweep()
    return this.#entry(key)
  }

  /** Below a prefix, or the one key of an exact scope. */
  list(scope: string, after = '', limit = -1): Listing {
    this.sweep()
    return this.#atOnce(() => {
      const revision = this.revision()
      if (!isPrefix(scope)) {
        const entry = this.#entry(scope)
        return { entries: entry ? [entry] : [], revision }
      }
      const rows = this.#statement(
        'SELECT * FROM entry WHERE key > ? AND key >= ? AND key < ? ORDER BY key LIMIT ?',
      ).all(after, scope, endOf(scope), limit)
      return { entries: rows.map(toEntry), revision }
    })
  }

  commit(guards: readonly Guard[], writes: readonly Write[]): CommitResult {
    this.sweep()
    return inTransaction(this.#db, () => {
      if (!guards.every((guard) => holds(guard, this.#entry(guard.key)))) {
        return { outcome: 'refused', entries: this.#current(guards) }
      }
      const revision = this.#advance()
      for (const write of writes) {
        if (write.kind === 'put') this.#put(write, revision)
        else this.#delete(write.key, revision)
      }
      return { outcome: 'ok', revision }
    })
  }

  /** The new lease's id. */
  grant(ttl: number, owner: ProcessIdentity | undefined): string {
    const id = this.#statement('SELECT lower(hex(randomblob(16))) AS id').get()?.id as string
    const holder = owner ? JSON.stringify(owner) : null
    this.#statement('INSERT INTO lease VALUES (?, ?, ?, ?)').run(id, ttl, now() + ttl, holder)
    return id
  }

  /** The TTL in force. The owner stays unless another one is given. */
  renew(id: string, owner: ProcessIdentity | undefined): number {
    this.sweep()
    return inTransaction(this.#db, () => {
      const { changes } = this.#statement(
        `UPDATE lease SET expires = $now + ttl, owner = coalesce($owner, owner)
         WHERE id = $id AND expires > $now`,
      ).run({ now: now(), owner: owner ? JSON.stringify(owner) : null, id })
      if (changes === 0) throw new LeaseGoneError(id)
      return this.#statement('SELECT ttl FROM lease WHERE id = ?').get(id)?.ttl as number
    })
  }

  revoke(id: string): void {
    inTransaction(this.#db, () => this.#end([id]))
  }

  /**
   * Makes several changes in one transaction, each of which fails alone.
   * @throws what made SQLite give up all of them.
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
   * Removes the leases that have expired or whose owner has died, with their keys. Whether there were any. They are
   * looked for before the file is locked: to look at processes takes longer than any write, and who is stopped while it
   * has the lock stops everybody.
   */
  sweep(): boolean {
    const ended = this.#ended()
    if (ended.length === 0) return false
    inTransaction(this.#db, () => this.#end(ended.filter(this.#isUnchanged).map(({ id }) => id)))
    return true
  }

  /** What has changed since a revision, in order; `undefined` if that is not remembered any more. */
  changesSince(revision: number): { changes: Change[]; revision: number } | undefined {
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
    if (write.session) this.#requireLease(write.session)
    const session = write.session === undefined ? 'entry.session' : 'excluded.session'
    this.#statement(
      `INSERT INTO entry VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET
       value = excluded.value, mod_revision = excluded.mod_revision, session = ${session}`,
    ).run(write.key, write.value, revision, revision, write.session ?? null)
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

  #requireLease(id: string): void {
    const lease = this.#statement('SELECT 1 FROM lease WHERE id = ? AND expires > ?').get(id, now())
    if (!lease) throw new LeaseGoneError(id)
  }

  /** Leases that have expired or whose owner has died. */
  #ended(): LeaseRow[] {
    const time = now()
    const leases = this.#statement(
      'SELECT id, expires, owner FROM lease WHERE expires <= ? OR owner IS NOT NULL',
    ).all(time) as unknown as LeaseRow[]
    return this.#owners.ended(leases, time)
  }

  /** Somebody may have renewed it since. */
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
    this.#statement('UPDATE store SET revision = revision + 1').run()
    return this.revision()
  }

  #entry(key: string): Entry | undefined {
    const row = this.#statement('SELECT * FROM entry WHERE key = ?').get(key)
    return row && toEntry(row)
  }

  #current(guards: readonly Guard[]): Entry[] {
    const keys = [...new Set(guards.map((guard) => guard.key))]
    return keys.map((key) => this.#entry(key)).filter((entry) => entry !== undefined)
  }

  /** Several reads of one and the same state. */
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

/** The first string behind all that begin with a prefix: `/` is followed by `0`. */
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
