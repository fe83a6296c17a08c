import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { now } from '../../base/clock.ts'
import { quietBuiltin } from '../../base/quiet-builtin.ts'
import type { CallOptions } from '../backend.ts'
import { bootId } from '../process-identity.ts'
import { closeAtExit } from './at-exit.ts'
import { ForeignFileError, NoFileError } from './errors.ts'
import { isUnwritable, lacksTables } from './failure.ts'

/** Tells our files from others: "rdv1" in ASCII. */
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

/** What tells whose a file is. It is read by one statement: another process may set the file up between two. */
const MARKS = `
  (SELECT application_id FROM pragma_application_id) AS application,
  (SELECT user_version FROM pragma_user_version) AS version
`

/** Bytes, of a new file. What is kept is small, and a commit writes whole pages, which the next process reads again. */
export const PAGE = 1_024

/** Bytes: for the leases and keys of some hundred processes. */
const RESERVE = 64 * 1024

/** An open connection, and which file it is connected to. */
export interface Database {
  readonly connection: DatabaseSync
  /** Names one life of the store: another one after it was recreated. */
  readonly epoch: string
  readonly inode: number
  /** Why it is for reading only. It is to be opened anew for each call. */
  readonly unwritable?: unknown
}

/** No file has this inode: the next check opens it anew. */
export const UNKNOWN = -1

/**
 * Opens the file, or memory, and makes it ours if it is empty. What is committed outlives this process, however that
 * ends; where it is `durable` it is on the disk, and outlives a loss of power too. A store that cannot be written at the
 * moment is opened for reading, if it can be.
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
    await beginEpoch(path, database.connection, call)
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
    const database = { connection, epoch, restarted, inode: inodeOf(path) }
    // Replaced in between: which of the two was opened is unknown.
    return before === 0 || before === database.inode ? database : { ...database, inode: UNKNOWN }
  })
}

/** Opens a connection, and closes it again where `body` throws. */
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

/** Bytes of the log that the next process to open the file reads in no time. */
const SHORT_LOG = 256 * 1024

/**
 * Whether the file may be left as it is when the process ends, its log to be read by who opens it next: who closes a
 * file last writes the log into it and waits for the disk, which takes longer than all else that a short command does.
 */
export const hasShortLog = (path: string): boolean =>
  path !== ':memory:' && (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) < SHORT_LOG

/** 0 where there is no file. */
export const inodeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.ino ?? 0

/** Likewise. SQLite would leave a journal beside a device. @throws NoFileError */
const inodeOfFile = (path: string): number => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found && !found.isFile())
    throw new NoFileError(found.isDirectory() ? 'it is a directory' : 'it is not a regular file')
  return found?.ino ?? 0
}

/** Runs `body` alone among all writers, and undoes what it did if it throws; within a transaction, that alone. */
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
    // SQLite itself gives up the whole transaction for some errors.
    if (connection.isTransaction) connection.exec(undo)
    throw error
  }
}

/** Mostly the file is ours, and then this is all there is to read. */
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

/** Revisions start at wall-clock microseconds, so that they rise also across a recreated store. */
const setUp = (connection: DatabaseSync): boolean => {
  connection.exec(SCHEMA)
  connection
    .prepare('INSERT INTO store VALUES (lower(hex(randomblob(16))), ?, ?)')
    .run(bootId(), Date.now() * 1000)
  return true
}

/**
 * Lets the file and its log have more room than they need. On a full disk sessions are then still renewed, and what is
 * held is given up: the log is begun anew in the room that it has. A failure does no harm.
 */
const reserve = (connection: DatabaseSync): void => {
  try {
    connection.exec(`
      CREATE TABLE reserve AS SELECT zeroblob(${RESERVE});
      DROP TABLE reserve;
      PRAGMA wal_checkpoint(PASSIVE);
    `)
  } catch {
    // The disk is full already, or another process writes.
  }
}

/** By so much (milliseconds) clocks may differ: to take that for a start of the machine would end everybody's leases. */
const CLOCK_ERROR = 1_000

export interface StoreEpoch {
  readonly epoch: string
  /** The machine was started again since: its boot id says so, or a lease that ends later than it can. */
  readonly restarted: boolean
}

/** @throws ForeignFileError, or SQLite's where the tables are not there. */
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
