import { UsageError } from '../../base/errors.ts'
import type { Peer } from '../dial.ts'
import { isSocket } from './settings.ts'
import type { Host } from './wanted.ts'

/** The longest path, in bytes, that fits into Linux's `sockaddr_un`. */
const maxPathLength = 107

/** Returns the peer for one address of a host. */
export const peerOf = (host: Host, address: string): Peer => {
  if (!isSocket(host)) return { host: address, port: host.port }
  const path = `${address}/.s.PGSQL.${host.port}`
  if (Buffer.byteLength(path) > maxPathLength)
    throw new UsageError(
      `the path of the socket ${path} is longer than ${maxPathLength} bytes: shorten it`,
    )
  // @ begins an abstract name, which is in no directory.
  return { path: path.replace(/^@/, '\0') }
}
