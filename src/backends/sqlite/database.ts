import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { now } from '../../base/clock.ts'
import { quietBuiltin } from '../../base/quiet-builtin.ts'
import type { CallOptions } from '../backend.ts'
import { bootId } from '../process-identity.ts'
import { closeAtExit } from './at-exit.ts'
import { ForeignFileError, NoFileError } from './errors.ts'
import { isUnwritable, lacksTables } from './failure.ts'
import { realPath } from './location.ts'

/** Distinguishes files of `rdv` from other SQLite files: "rdv1" in ASCII. */
const APPLICATION_ID = 0x72647631

const SCHEMA = `
  CREATE TABLE store (epoch TEXT NOT NULL, boot TEXT NOT NULL, revision INTEGER NOT NULL);
  CREATE TABLE entry (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, create_revision INTEGER NOT NULL,
    mod_revision INTEGER NOT NULL, session TEXT
  ) WITHOUT ROWID;
  CREATE INDEX entry_by_revision ON entry (mod_revision);
  CREATE INDEX entry_by_session ON entry (session) WHERE session IS NOT NULL;
  CREATE TABLE deletion (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, revision INTEGER NOT NULL);
  CREATE INDEX deletion_by_revision ON deletion (revision);
  CREATE TABLE lease (id TEXT PRIMARY KEY, ttl REAL NOT NULL, expires REAL NOT NULL, owner TEXT) WITHOUT ROWID;
  CREATE INDEX lease_by_expiry ON lease (expires);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = 1;
`

/** The marks of a file of `rdv`. One statement reads both: another process may set the file up between two statements. */
const MARKS = `
  (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS version
`

/** Page size of a new file, in bytes. Entries are small, and a commit writes whole pages, which the next process reads. */
export const PAGE = 1_024

/** Bytes. Enough for the leases and keys of some hundred processes. */
const RESERVE = 64 * 1024

/** An open connection, and the identity of its file. */
export interface Database {
  readonly connection: DatabaseSync
  /** The real path of the file, beside which SQLite puts the log. */
  readonly file: string
  /** Identifies one life of the store: a recreated store has another epoch. */
  readonly epoch: string
  readonly inode: number
  /** Why the connection is read-only. Each call must open the database again. */
  readonly unwritable?: unknown
}

/** An inode that no file has: the next check opens the database again. */
export const UNKNOWN = -1

/**
 * Opens the file, or memory, and sets an empty one up. A commit survives the death of this process, and with `durable` also a
 * loss of power. A store that cannot be written at the moment is opened read-only, if possible.
 */
export const openDatabase = async (
  path: string | ':memory:',
  durable = false,
  call: CallOptions = {},
): Promise<Database> => {
  try {
    return await connectReady(path, durable, call)
  } catch (error) {
    if (!isUnwritable(error)) throw error
    const { openUnwritable } = await import('./full-disk.ts')
    return openUnwritable(path, error, () => connectReady(path, durable, call))
  }
}

const connectReady = async (
  path: string,
  durable: boolean,
  call: CallOptions,
): Promise<Database> => {
  const { restarted, ...database } = connect(path, durable)
  if (!restarted) return database
  try {
    const { beginEpoch } = await import('./restart.ts')
    await beginEpoch(database.file, database.connection, call)
    return database
  } catch (error) {
    database.connection.close()
    throw error
  }
}

const connect = (path: string, durable: boolean): Database & Pick<StoreEpoch, 'restarted'> => {
  const before = inodeOfFile(path)
  return opened(path, (connection) => {
    connection.exec(
      `PRAGMA busy_timeout = 100; PRAGMA synchronous = ${durable ? 'FULL' : 'NORMAL'}`,
    )
    const { epoch, restarted } = readOrBegin(connection)
    const database = {
      connection,
      file: realPath(path),
      epoch,
      restarted,
      inode: inodeOf(path),
    }
    // The file was replaced meanwhile: either of the two may be open.
    return before === 0 || before === database.inode ? database : { ...database, inode: UNKNOWN }
  })
}

/** Opens a connection, and closes it if `body` throws. */
export const opened = <T>(path: string | URL, body: (connection: DatabaseSync) => T): T => {
  const { DatabaseSync } = quietBuiltin<typeof import('node:sqlite')>('node:sqlite')
  const connection = new DatabaseSync(path)
  closeAtExit(connection)
  try {
    return body(connection)
  } catch (error) {
    connection.close()
    throw error
  }
}

/** Bytes of write-ahead log that the next process reads quickly enough. */
const SHORT_LOG = 256 * 1024

/**
 * Whether the process may end without closing the file. The last process that closes a file writes the log into it and waits
 * for the disk, which takes longer than the rest of a short command. The next process that opens the file reads the log.
 */
export const hasShortLog = (path: string): boolean =>
  path !== ':memory:' && (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) < SHORT_LOG

/** The inode of the file; 0 if there is no file. */
export const inodeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.ino ?? 0

/** As `inodeOf`, for regular files only: SQLite would leave a journal beside a device. @throws NoFileError */
const inodeOfFile = (path: string): number => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found && !found.isFile())
    throw new NoFileError(found.isDirectory() ? 'it is a directory' : 'it is not a regular file')
  return found?.ino ?? 0
}

/** Runs `body` in a write transaction, or in a savepoint of the open one. Rolls that back if `body` throws. */
export const inTransaction = <T>(connection: DatabaseSync, body: () => T): T =>
  connection.isTransaction
    ? bracketed(
        connection,
        ['SAVEPOINT part', 'RELEASE part', 'ROLLBACK TO part; RELEASE part'],
        body,
      )
    : bracketed(connection, ['BEGIN IMMEDIATE', 'COMMIT', 'ROLLBACK'], body)

const bracketed = <T>(
  connection: DatabaseSync,
  [begin, end, undo]: readonly [string, string, string],
  body: () => T,
): T => {
  connection.exec(begin)
  try {
    const result = body()
    connection.exec(end)
    return result
  } catch (error) {
    // SQLite itself rolls the whole transaction back on some errors.
    if (connection.isTransaction) connection.exec(undo)
    throw error
  }
}

/** Reads the epoch, or sets the file up. Most files are set up, so the epoch is read first. */
const readOrBegin = (connection: DatabaseSync): StoreEpoch => {
  try {
    return readEpoch(connection)
  } catch (error) {
    if (!lacksTables(error)) throw error
  }
  if (needsSetup(connection)) {
    connection.exec(`PRAGMA page_size = ${PAGE}; PRAGMA journal_mode = WAL`)
    if (inTransaction(connection, () => needsSetup(connection) && setUp(connection)))
      reserve(connection)
  }
  return readEpoch(connection)
}

const needsSetup = (connection: DatabaseSync): boolean => {
  const marks = connection
    .prepare(`SELECT ${MARKS}, (SELECT count(*) FROM sqlite_schema) AS tables`)
    .get()
  const isNew = marks?.application === 0 && marks.tables === 0
  if (!isNew) requireOurs(marks)
  return isNew
}

const requireOurs = ({ application, version }: Record<string, unknown> = {}): void => {
  if (application !== APPLICATION_ID) throw new ForeignFileError('it belongs to another program')
  if (version !== 1) throw new ForeignFileError(`its version is ${version}, not 1`)
}

/** Creates the tables. Revisions start at wall-clock microseconds, so that they rise even if the store is recreated. */
const setUp = (connection: DatabaseSync): boolean => {
  connection.exec(SCHEMA)
  connection
    .prepare('INSERT INTO store VALUES (lower(hex(randomblob(16))), ?, ?)')
    .run(bootId(), Date.now() * 1000)
  return true
}

/**
 * Gives the file and its log more space than they need. On a full disk, sessions are then still renewed and released: the log
 * starts again in the space that it has. Ignores failures.
 */
const reserve = (connection: DatabaseSync): void => {
  try {
    connection.exec(`
      CREATE TABLE reserve AS SELECT zeroblob(${RESERVE});
      DROP TABLE reserve;
      PRAGMA wal_checkpoint(PASSIVE);
    `)
  } catch {
    // The disk is full, or another process writes.
  }
}

/** Milliseconds by which clocks may differ. A difference that counts as a restart of the machine ends all leases. */
const CLOCK_ERROR = 1_000

export interface StoreEpoch {
  readonly epoch: string
  /** Whether the machine was restarted: the boot id differs, or a lease ends later than is possible. */
  readonly restarted: boolean
}

/** @throws ForeignFileError, or an error of SQLite if the tables do not exist. */
export const readEpoch = (connection: DatabaseSync): StoreEpoch => {
  const row = connection
    .prepare(
      `SELECT ${MARKS}, epoch, (boot <> $boot AND $boot <> '')
       OR EXISTS (SELECT 1 FROM lease WHERE expires > $soon + ttl) AS restarted FROM store`,
    )
    .get({ boot: bootId(), soon: now() + CLOCK_ERROR })
  requireOurs(row)
  return { epoch: String(row?.epoch), restarted: row?.restarted === 1 }
}
