import type { Socket } from 'node:net'
import { Decoder } from './decoder.ts'
import { greeting, type Role } from './protocol.ts'

/** Who has not greeted after this long (milliseconds) is cut off. */
const GREETING_LIMIT = 5_000

/** A silent peer is asked for a sign of life after this long (milliseconds). */
const KEEP_ALIVE = 10_000

export interface ConnectionOptions {
  readonly role: Role
  /** The longest message that is taken, in bytes. */
  readonly limit: number
  /** What follows the greeting at once, framed. */
  readonly first?: Buffer | undefined
  /** The peer has greeted. */
  onGreeted(): void
  onMessages(messages: readonly Buffer[]): void
}

/**
 * Greets on a socket, and hands on what a peer that greets as it should has to say. Any other one is cut off; who
 * is told is who listens for the socket's `close`.
 */
export const converse = (socket: Socket, options: ConnectionOptions): void => {
  const decoder = new Decoder(options.role === 'push' ? 'pull' : 'push', options.limit)
  const timer = setTimeout(() => socket.destroy(), GREETING_LIMIT)
  socket.setNoDelay(true).setKeepAlive(true, KEEP_ALIVE)
  socket.on('error', () => {}).once('close', () => clearTimeout(timer))
  socket.write(
    options.first ? Buffer.concat([greeting(options.role), options.first]) : greeting(options.role),
  )
  socket.on('data', (chunk: Buffer) => {
    const before = decoder.greeted
    const messages = decode(socket, decoder, chunk)
    if (!messages || !decoder.greeted) return
    if (!before) {
      clearTimeout(timer)
      options.onGreeted()
    }
    if (messages.length > 0) options.onMessages(messages)
  })
}

const decode = (socket: Socket, decoder: Decoder, chunk: Buffer): Buffer[] | undefined => {
  try {
    return decoder.decode(chunk)
  } catch {
    socket.destroy()
    return undefined
  }
}
