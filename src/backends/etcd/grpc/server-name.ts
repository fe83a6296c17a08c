import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

let allowed = false

/**
 * gRPC names a server to TLS by its host, also where that is an IP address, which is no name there: Node warns about
 * it, from 26 on it refuses it, and so does bun. Without a name the certificate is compared with the host, which gRPC
 * gives as well.
 */
export const allowAddresses = (hosts: readonly string[]): void => {
  if (allowed || !hosts.some((host) => isIP(nameOf(host)) !== 0)) return
  allowed = true
  const tls = process.getBuiltinModule('node:tls')
  // not imported: in a bundle that would be whatever the property is now, and so call itself
  const { connect } = tls
  const connectUnnamed = (options: ConnectionOptions, ...more: []) =>
    connect(isIP(options.servername ?? '') ? { ...options, servername: '' } : options, ...more)
  Object.assign(tls, { connect: connectUnnamed })
}

const nameOf = (host: string): string =>
  host.slice(0, host.lastIndexOf(':')).replace(/^\[|\]$/g, '')
