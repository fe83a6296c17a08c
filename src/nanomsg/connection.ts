import type { Socket } from 'node:net'
import { Decoder } from './decoder.ts'
import { greeting, type Role } from './protocol.ts'

/** A peer that has not greeted after this long (milliseconds) is cut off. */
const GREETING_LIMIT = 5_000

/** After this long (milliseconds), TCP asks a silent peer for a sign of life. */
const KEEP_ALIVE = 10_000

export interface ConnectionOptions {
  readonly role: Role
  /** The longest message that is accepted, in bytes. */
  readonly limit: number
  /** A framed message that follows the greeting at once. */
  readonly first?: Buffer | undefined
  /** Called when the peer has greeted. */
  onGreeted(): void
  onMessages(messages: readonly Buffer[]): void
}

/**
 * Greets on a socket, and passes on the messages of a peer that greets correctly. Any other peer is cut off. The caller
 * learns of that by the socket's `close` event.
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
