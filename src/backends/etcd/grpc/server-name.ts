import { isIP, Socket } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'

/**
 * gRPC names a server to TLS by its host, also where that is an IP address. Node warns about it, and bun refuses it: each
 * gets what it wants.
 */
export const allowAddresses = (hosts: readonly string[]): void => {
  const address = hosts.map(nameOf).find((name) => isIP(name) !== 0)
  if (!address) return
  if (process.versions.bun === undefined) silence(address)
  else nameNoAddresses()
}

/** Node warns once in a process, and of no use to our users: it does so now, into the void. */
const silence = (address: string): void => {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    connect({ socket: new Socket(), servername: address })
      .on('error', () => {})
      .destroy()
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Without a name the certificate is compared with the host, which gRPC gives as well. */
const nameNoAddresses = (): void => {
  const tls = process.getBuiltinModule('node:tls')
  if (tls.connect !== connect) return
  const connectUnnamed = (options: ConnectionOptions, ...more: []) =>
    connect(isIP(options.servername ?? '') ? { ...options, servername: '' } : options, ...more)
  Object.assign(tls, { connect: connectUnnamed })
}

const nameOf = (host: string): string =>
  host.slice(0, host.lastIndexOf(':')).replace(/^\[|\]$/g, '')
