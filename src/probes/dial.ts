import type { Socket } from 'node:net'
import { asOfSystem } from './refusal.ts'

/**
 * The destination of a connection. With `servername`, the connection uses TLS, and the certificate must be valid for
 * that name.
 */
export type Peer =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }
  | TlsPeer

interface TlsPeer {
  readonly host: string
  readonly port: number
  readonly servername: string
  readonly ALPNProtocols?: string[]
}

/**
 * Connects, runs `use` on the socket, and then destroys the socket. An abort of the signal destroys the socket at once.
 * @throws the socket's error, with its code.
 */
export const dial = async <T>(
  peer: Peer,
  signal: AbortSignal,
  use: (socket: Socket) => T | Promise<T>,
): Promise<T> => {
  const [socket, ready] = await open(peer)
  const destroy = () => socket.destroy()
  signal.addEventListener('abort', destroy, { once: true })
  try {
    signal.throwIfAborted()
    await established(socket, ready).catch(async (error) => {
      throw await asOfSystem(error, peer, signal)
    })
    return await use(socket)
  } finally {
    signal.removeEventListener('abort', destroy)
    destroy()
  }
}

const open = async (peer: Peer): Promise<[Socket, ready: string]> => {
  const { connect, isIP } = await import('node:net')
  if (!('servername' in peer)) return [connect(peer), 'connect']
  const tls = await import('node:tls')
  // RFC 6066 does not allow addresses in SNI. Node then checks the certificate against the address itself.
  const servername = isIP(peer.servername) === 0 ? peer.servername : ''
  return [tls.connect({ ...peer, servername }), 'secureConnect']
}

const established = async (socket: Socket, ready: string): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    // This listener is never removed: an error that comes after the end must not become an uncaught exception.
    socket.on('error', reject)
    socket.once('close', () => reject(refusal('ECONNRESET')))
    socket.once(ready, resolve)
  })
  if (isItself(socket)) throw refusal('ECONNREFUSED')
}

/**
 * Returns whether the socket is connected to itself. If no server listens on a port of the ephemeral range, the kernel
 * may choose that very port as the source port, and TCP's simultaneous open then succeeds.
 */
const isItself = (socket: Socket): boolean =>
  socket.localPort !== undefined &&
  socket.localPort === socket.remotePort &&
  socket.localAddress === socket.remoteAddress

const refusal = (code: string): Error => Object.assign(new Error(code), { code })
