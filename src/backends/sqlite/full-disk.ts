import { statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { type Database, opened, readEpoch, UNKNOWN } from './database.ts'
import { isFull } from './failure.ts'

/**
 * Takes what the log has into the file, so that the next write begins the log anew: in room that it has already. Where
 * even that fails, the write will tell.
 */
export const freeSpace = (connection: DatabaseSync): void => {
  try {
    connection.exec('PRAGMA wal_checkpoint(RESTART)')
  } catch {
    // The file itself would have to grow.
  }
}

/**
 * Opens a store that could not be opened for writing, once there is room in its log, or else for reading only. `again`
 * tries to open it for writing.
 * @throws `cause` it cannot be read either.
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

/** With its log, or where that has gone into the file, without: to open a log needs room, too. */
const openToRead = (path: string, cause: unknown): Database => {
  try {
    return reading(path, cause)
  } catch (error) {
    if (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size) throw error
  }
  const url = pathToFileURL(path)
  url.search = 'immutable=1'
  return reading(url, cause)
}

const reading = (path: string | URL, unwritable: unknown): Database =>
  opened(path, (connection) => {
    connection.exec('PRAGMA busy_timeout = 100; PRAGMA query_only = ON')
    return { connection, epoch: readEpoch(connection).epoch, inode: UNKNOWN, unwritable }
  })
