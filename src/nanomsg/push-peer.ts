import type { Socket } from 'node:net'
import { converse } from './connection.ts'
import { CREDIT_BYTES, ReportDecoder } from './credit.ts'

/** Milliseconds that a peer may take to show that it is rdv. Such a peer reports its credit with its greeting. */
const FIRST_CREDIT = 50

/** A receiver at the other end of a connection. */
export class PushPeer {
  readonly #socket: Socket
  readonly #onChange: () => void
  readonly #reports = new ReportDecoder()
  /** How many messages the peer accepts, counted since the connection began; `undefined` until it is known. */
  #credit: number | undefined
  #sent = 0
  #silent = false
  #leaving = false
  #timer: NodeJS.Timeout | undefined

  /** `onChange` is called when the peer may have become free, or has become ready. */
  constructor(socket: Socket, onChange: () => void) {
    this.#socket = socket
    this.#onChange = onChange
    converse(socket, {
      role: 'push',
      limit: CREDIT_BYTES,
      onGreeted: () => this.#greeted(),
      onMessages: (messages) => this.#told(messages),
    })
    socket.on('drain', onChange)
    socket.once('end', () => this.#leave())
    socket.once('close', () => this.#leave())
  }

  /** Whether the peer has greeted and its credit is known. */
  get ready(): boolean {
    return !this.#leaving && this.#credit !== undefined
  }

  /** Whether it can take a message now. */
  get free(): boolean {
    return this.ready && this.#sent < (this.#credit ?? 0) && !this.#socket.writableNeedDrain
  }

  /** The number of messages that the peer has read; `undefined` if it does not report that. */
  get read(): number | undefined {
    return this.#reports.read
  }

  /** The number of messages that were sent to the peer. */
  get sent(): number {
    return this.#sent
  }

  /** Whether the peer sends reports, and has sent none since the last message to it. */
  get silent(): boolean {
    return this.#silent && this.read !== undefined && !this.#leaving
  }

  send(framed: Buffer): void {
    if (this.#socket.writableCorked === 0) {
      this.#socket.cork()
      process.nextTick(() => this.#socket.uncork())
    }
    this.#sent++
    this.#silent = true
    this.#socket.write(framed)
  }

  /** Tells the peer that nothing follows. Resolves when the peer has read everything, or is gone. */
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
      const credit = this.#reports.decode(messages)
      this.#silent = false
      if (credit !== undefined) this.#grant(credit)
    } catch {
      this.destroy()
    }
  }

  #grant(credit: number): void {
    clearTimeout(this.#timer)
    this.#credit = credit
    this.#onChange()
  }

  #leave(): void {
    clearTimeout(this.#timer)
    this.#leaving = true
  }
}
