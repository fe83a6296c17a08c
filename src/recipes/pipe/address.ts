import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import type { Namespace } from '../core/namespace.ts'

/** The address on which a sender listens. */
export interface PipeAddress {
  readonly host: string
  /**
   * 0: each group takes a free port. Otherwise, the groups take this port and those after it, in the order in which
   * they are opened.
   */
  readonly port: number
}

const LOOPBACK = '127.0.0.1'
const WILDCARDS: readonly string[] = ['0.0.0.0', '::']

/**
 * The address from which this machine reaches the store; loopback if the store is on this machine. Machines in the
 * network of the store can usually connect to it, and machines in other networks cannot.
 */
export const ownAddress = async ({ backend }: Namespace): Promise<string> => {
  if (backend.traits.reach !== 'network') return LOOPBACK
  const [, bracketed, plain] = /^[a-z]+:\/\/(?:\[([^\]]+)\]|([^:/,]+))/.exec(backend.address) ?? []
  return (await towards(bracketed ?? plain ?? LOOPBACK)) ?? hostname()
}

/**
 * The local address that the kernel chooses for connections to a host. `undefined` if there is none. Nothing is sent.
 */
const towards = async (host: string): Promise<string | undefined> => {
  const { lookup } = await import('node:dns/promises')
  try {
    const { address, family } = await lookup(host)
    return await ownEnd(createSocket(family === 6 ? 'udp6' : 'udp4'), address)
  } catch {
    return undefined
  }
}

const ANY_PORT = 9

const ownEnd = async (socket: Socket, address: string): Promise<string> => {
  try {
    const connected = once(socket, 'connect')
    socket.connect(ANY_PORT, address)
    await connected
    return socket.address().address
  } finally {
    socket.close()
  }
}

/**
 * The host that is published for receivers: `advertise`, or else the host on which the sender listens. If it listens on
 * all addresses, the address from which this machine reaches the store.
 */
export const advertised = async (
  namespace: Namespace,
  host: string,
  advertise: string | undefined,
): Promise<string> => advertise ?? (WILDCARDS.includes(host) ? ownAddress(namespace) : host)

/** `tcp://host:port`, which the tools of nanomsg understand. */
export const pipeUrl = (host: string, port: number): string =>
  `tcp://${isIPv6(host) ? `[${host}]` : host}:${port}`

/** `undefined` if the text is not such a URL. */
export const parsePipeUrl = (text: string): PipeAddress | undefined => {
  const [, bracketed, plain, port] =
    /^tcp:\/\/(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/.exec(text) ?? []
  const host = bracketed ?? plain
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) }
}
