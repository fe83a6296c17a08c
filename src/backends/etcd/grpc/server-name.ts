import { isIP, Socket } from 'node:net'
import { connect } from 'node:tls'

/**
 * gRPC names a server to TLS by its host, also where that is an IP address. Node warns about it, once in a process
 * and of no use to our users: it does so now, into the void.
 */
export const silenceServerNames = (hosts: readonly string[]): void => {
  const address = hosts.map(nameOf).find((name) => isIP(name) !== 0)
  if (!address) return
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

const nameOf = (host: string): string =>
  host.slice(0, host.lastIndexOf(':')).replace(/^\[|\]$/g, '')
