import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv6 } from 'node:net'
import { hostname } from 'node:os'
import type { Namespace } from '../core/namespace.ts'

/** Where a sender listens. */
export interface PipeAddress {
  readonly host: string
  /** 0: free ports. Else the groups take this one and those after it, in the order in which they come. */
  readonly port: number
}

const LOOPBACK = '127.0.0.1'
const WILDCARDS: readonly string[] = ['0.0.0.0', '::']

/**
 * The address of this machine by which it reaches the store, so that whoever reaches the store reaches it, and
 * others need not: loopback for a store of this machine.
 */
export const ownAddress = async ({ backend }: Namespace): Promise<string> => {
  if (backend.traits.reach !== 'network') return LOOPBACK
  const [, bracketed, plain] = /^[a-z]+:\/\/(?:\[([^\]]+)\]|([^:/,]+))/.exec(backend.address) ?? []
  return (await towards(bracketed ?? plain ?? LOOPBACK)) ?? hostname()
}

/** Of the address that the kernel chooses towards a host. Nothing is sent. */
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

/** What receivers are told: `advertise`, or else where it listens, or, if that is everywhere, how this machine is reached. */
export const advertised = async (
  namespace: Namespace,
  host: string,
  advertise: string | undefined,
): Promise<string> => advertise ?? (WILDCARDS.includes(host) ? ownAddress(namespace) : host)

/** `tcp://host:port`, which nanomsg's tools understand. */
export const pipeUrl = (host: string, port: number): string =>
  `tcp://${isIPv6(host) ? `[${host}]` : host}:${port}`

/** `undefined` where it is none. */
export const parsePipeUrl = (text: string): PipeAddress | undefined => {
  const [, bracketed, plain, port] =
    /^tcp:\/\/(?:\[([^\]]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/.exec(text) ?? []
  const host = bracketed ?? plain
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) }
}
