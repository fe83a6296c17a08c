import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface ReaderLimits {
  /** Milliseconds within which a client must read a part of what is sent to it. */
  readonly stall: number
  /** The most bytes that may wait in memory for clients that read nothing. */
  readonly unread: number
}

interface Reader {
  /** Bytes that the kernel has taken. */
  sent: number
  /** The time since which the kernel has taken none, in monotonic milliseconds. */
  since: number
  /** The latest response on the connection. */
  response?: ServerResponse
}

/**
 * Disconnects clients that do not read their responses. It disconnects a client after `stall` milliseconds. If the data
 * that waits for clients takes too much memory, it disconnects at once the stalled clients with the most waiting data.
 * A client that reconnects starts anew.
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
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const reader = this.#readers.get(socket)
      if (reader) reader.response = response
    })
    this.#timer = setInterval(() => this.#check(), Math.min(1_000, limits.stall / 4)).unref()
    server.once('close', () => clearInterval(this.#timer))
  }

  #add(socket: Socket): void {
    this.#readers.set(socket, { sent: 0, since: performance.now() })
    socket.once('close', () => this.#readers.delete(socket))
  }

  #check(): void {
    const time = performance.now()
    let unread = 0
    const stalled: { readonly socket: Socket; readonly waiting: number }[] = []
    for (const [socket, reader] of this.#readers) {
      const waiting = waitingFor(socket, reader)
      if (isStalled(socket, reader, waiting, time)) stalled.push({ socket, waiting })
      if (time - reader.since > this.#limits.stall) socket.destroy()
      else unread += waiting
    }
    stalled.sort((one, other) => one.waiting - other.waiting)
    for (let worst = stalled.pop(); worst && unread > this.#limits.unread; worst = stalled.pop()) {
      unread -= worst.waiting
      worst.socket.destroy()
    }
  }
}

/** Returns the bytes that the kernel has not taken yet. bun counts them only for the response. */
const waitingFor = (socket: Socket, { response }: Reader): number =>
  socket.writableLength || (response?.writableLength ?? 0)

/** Whether data waits for the client, and the kernel has taken none of it since the last check. */
const isStalled = (socket: Socket, reader: Reader, waiting: number, time: number): boolean => {
  const sent = socket.bytesWritten - waiting
  if (waiting > 0 && sent === reader.sent) return true
  reader.sent = sent
  reader.since = time
  return false
}
