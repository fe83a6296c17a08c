import { UsageError } from '../../base/errors.ts'
import type { Peer } from '../dial.ts'
import { isSocket } from './settings.ts'
import type { Host } from './wanted.ts'

/** What fits into Linux' `sockaddr_un`, in bytes. */
const maxPathLength = 107

/** Where to connect to for one address of a host. */
export const peerOf = (host: Host, address: string): Peer => {
  if (!isSocket(host)) return { host: address, port: host.port }
  const path = `${address}/.s.PGSQL.${host.port}`
  if (Buffer.byteLength(path) > maxPathLength)
    throw new UsageError(
      `the path of the socket ${path} is longer than ${maxPathLength} bytes: shorten it`,
    )
  // @ stands for an abstract name, which is in no directory
  return { path: path.replace(/^@/, '\0') }
}
