import type { DatabaseSync } from 'node:sqlite'

/** Some of them may be closed. */
const connections = new Set<DatabaseSync>()

/**
 * Closes a connection that is still open when the process exits. bun would do more than that: it empties the log, also
 * while other processes use it, and on a full disk these have no room then to renew their sessions.
 */
export const closeAtExit = (connection: DatabaseSync): void => {
  if (process.versions.bun === undefined) return
  for (const other of connections) if (!other.isOpen) connections.delete(other)
  connections.add(connection)
}

process.once('exit', () => {
  for (const connection of connections) if (connection.isOpen) connection.close()
})
