import type { Socket } from 'node:net'
import { converse } from './connection.ts'
import { CREDIT_BYTES, decodeCredit } from './credit.ts'

/** How long (milliseconds) a peer that is one of ours may take to say so: it does with its greeting. */
const FIRST_CREDIT = 50

/** A receiver at the other end of a connection. */
export class PushPeer {
  readonly #socket: Socket
  readonly #onFree: () => void
  /** How many messages it has room for, since the beginning; 0 until that is known. */
  #credit = 0
  #sent = 0
  #leaving = false
  #timer: NodeJS.Timeout | undefined

  /** `onFree` is called whenever it may have become free. */
  constructor(socket: Socket, onFree: () => void) {
    this.#socket = socket
    this.#onFree = onFree
    converse(socket, {
      role: 'push',
      limit: CREDIT_BYTES,
      onGreeted: () => this.#greeted(),
      onMessages: (messages) => this.#told(messages),
    })
    socket.on('drain', onFree)
    socket.once('end', () => this.#leave())
    socket.once('close', () => this.#leave())
  }

  /** Whether it can take a message now. */
  get free(): boolean {
    return !this.#leaving && this.#sent < this.#credit && !this.#socket.writableNeedDrain
  }

  send(framed: Buffer): void {
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork()
      process.nextTick(() => this.#socket.uncork())
    }
    this.#sent++
    this.#socket.write(framed)
  }

  /** Says that nothing follows; resolves when it has read everything, or is gone. */
  end(): Promise<void> {
    this.#leave()
    return new Promise((resolve) => {
      if (this.#socket.closed) return resolve()
      this.#socket.once('close', () => resolve())
      this.#socket.end()
    })
  }

  destroy(): void {
    this.#leave()
    this.#socket.destroy()
  }

  #greeted(): void {
    this.#timer = setTimeout(() => this.#grant(Number.POSITIVE_INFINITY), FIRST_CREDIT)
  }

  #told(messages: readonly Buffer[]): void {
    try {
      for (const message of messages) this.#grant(decodeCredit(message))
    } catch {
      this.destroy()
    }
  }

  #grant(credit: number): void {
    clearTimeout(this.#timer)
    this.#credit = credit
    this.#onFree()
  }

  #leave(): void {
    clearTimeout(this.#timer)
    this.#leaving = true
  }
}
