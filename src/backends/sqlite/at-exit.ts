import type { DatabaseSync } from 'node:sqlite'

/** The connections that were opened. Some of them may already be closed. */
const connections = new Set<DatabaseSync>()

/**
 * In bun, closes a connection that is still open when the process exits. bun itself would do more: it empties the log,
 * even while other processes use it. On a full disk, these processes then have no room to renew their sessions.
 */
export const closeAtExit = (connection: DatabaseSync): void => {
  if (process.versions.bun === undefined) return
  for (const other of connections) if (!other.isOpen) connections.delete(other)
  connections.add(connection)
}

process.once('exit', () => {
  for (const connection of connections) if (connection.isOpen) connection.close()
})
