import type { Server } from 'node:http'
import type { Socket } from 'node:net'

export interface ReaderLimits {
  /** Milliseconds in which a client must read something of what it is sent. */
  readonly stall: number
  /** So many bytes may wait in memory for clients that read nothing. */
  readonly unread: number
}

interface Reader {
  /** Bytes that the kernel took. */
  sent: number
  /** Since when it takes none, monotonic milliseconds. */
  since: number
}

/**
 * Lets clients go that do not read what they asked for: after a while, and at once where what waits for them all takes
 * too much memory; then the one for whom most is waiting. A client that comes back begins anew.
 */
export class SlowReaders {
  readonly #readers = new Map<Socket, Reader>()
  readonly #limits: ReaderLimits
  readonly #timer: NodeJS.Timeout

  constructor(server: Server, limits: ReaderLimits) {
    this.#limits = limits
    for (const event of ['connection', 'secureConnection']) {
      server.on(event, (socket: Socket) => this.#add(socket))
    }
    this.#timer = setInterval(() => this.#look(), Math.min(1_000, limits.stall / 4)).unref()
    server.once('close', () => clearInterval(this.#timer))
  }

  #add(socket: Socket): void {
    this.#readers.set(socket, { sent: 0, since: performance.now() })
    socket.once('close', () => this.#readers.delete(socket))
  }

  #look(): void {
    const time = performance.now()
    let unread = 0
    const stalled: Socket[] = []
    for (const [socket, reader] of this.#readers) {
      if (isStalled(socket, reader, time)) stalled.push(socket)
      if (time - reader.since > this.#limits.stall) socket.destroy()
      else unread += socket.writableLength
    }
    stalled.sort((one, other) => one.writableLength - other.writableLength)
    for (let worst = stalled.pop(); worst && unread > this.#limits.unread; worst = stalled.pop()) {
      unread -= worst.writableLength
      worst.destroy()
    }
  }
}

/** Whether something waits for it, and it has taken nothing since the last look. */
const isStalled = (socket: Socket, reader: Reader, time: number): boolean => {
  const sent = socket.bytesWritten - socket.writableLength
  if (socket.writableLength > 0 && sent === reader.sent) return true
  reader.sent = sent
  reader.since = time
  return false
}
