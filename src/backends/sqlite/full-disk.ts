import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { type Database, opened, readEpoch, UNKNOWN } from './database.ts'
import { isFull } from './failure.ts'
import { realPath } from './location.ts'

/**
 * Moves the content of the log into the file, so that the next write restarts the log in the room that it already has.
 * If even that fails, the next write reports the error.
 */
export const freeSpace = (connection: DatabaseSync): void => {
  try {
    connection.exec('PRAGMA wal_checkpoint(RESTART)')
  } catch {
    // The file itself would have to grow.
  }
}

/**
 * Opens a store that could not be opened for writing. On a full disk it first makes room in the log and tries `again`,
 * which opens the store for writing. Otherwise it opens the store for reading only.
 * @throws `cause` if the store cannot be read either.
 */
export const openUnwritable = async (
  path: string,
  cause: unknown,
  again: () => Promise<Database>,
): Promise<Database> => {
  try {
    if (isFull(cause)) {
      opened(path, (connection) => {
        freeSpace(connection)
        connection.close()
      })
      return await again()
    }
  } catch {
    // There is no room.
  }
  try {
    return openToRead(path, cause)
  } catch {
    throw cause
  }
}

/**
 * Opens the store with its log. If that fails and the log is empty or absent, it opens the store without the log,
 * because opening a log also needs room.
 */
const openToRead = (path: string, cause: unknown): Database => {
  const file = realPath(path)
  try {
    return reading(file, path, cause)
  } catch (error) {
    if (statSync(`${file}-wal`, { throwIfNoEntry: false })?.size) throw error
  }
  const url = pathToFileURL(path)
  url.search = 'immutable=1'
  return reading(file, url, cause)
}

const reading = (file: string, address: string | URL, unwritable: unknown): Database =>
  opened(address, (connection) => {
    connection.exec('PRAGMA busy_timeout = 100; PRAGMA query_only = ON')
    return { connection, file, epoch: readEpoch(connection).epoch, inode: UNKNOWN, unwritable }
  })
