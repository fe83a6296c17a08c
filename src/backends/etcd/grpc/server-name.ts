import { isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

let allowed = false

/**
 * gRPC passes the host of a server to TLS as the server's name, even if it is an IP address, which is not valid as a
 * name: Node warns about it, Node 26 and later refuse it, and so does bun. This function makes TLS connect to addresses
 * without a name. The certificate is then compared with the host, which gRPC passes as well.
 */
export const allowAddresses = (hosts: readonly string[]): void => {
  if (allowed || !hosts.some((host) => isIP(nameOf(host)) !== 0)) return
  allowed = true
  const tls = process.getBuiltinModule('node:tls')
  // Not imported: in a bundle, an import would read the replaced property, so the function would call itself.
  const { connect } = tls
  const connectUnnamed = (options: ConnectionOptions, ...more: []) =>
    connect(isIP(options.servername ?? '') ? { ...options, servername: '' } : options, ...more)
  Object.assign(tls, { connect: connectUnnamed })
}

const nameOf = (host: string): string =>
  host.slice(0, host.lastIndexOf(':')).replace(/^\[|\]$/g, '')
