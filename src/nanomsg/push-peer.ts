import type { Socket } from 'node:net'
import { converse } from './connection.ts'
import { CREDIT_BYTES, ReportDecoder } from './credit.ts'

/** How long (milliseconds) a peer that is one of ours may take to say so: it does with its greeting. */
const FIRST_CREDIT = 50

/** A receiver at the other end of a connection. */
export class PushPeer {
  readonly #socket: Socket
  readonly #onChange: () => void
  readonly #reports = new ReportDecoder()
  /** How many messages it has room for, since the beginning; `undefined` until that is known. */
  #credit: number | undefined
  #sent = 0
  #silent = false
  #leaving = false
  #timer: NodeJS.Timeout | undefined

  /** `onChange` is called whenever it may have become free, or has come to be ready. */
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

  /** Whether it has greeted, and it is known how much it takes. */
  get ready(): boolean {
    return !this.#leaving && this.#credit !== undefined
  }

  /** Whether it can take a message now. */
  get free(): boolean {
    return this.ready && this.#sent < (this.#credit ?? 0) && !this.#socket.writableNeedDrain
  }

  /** How many messages it has read; `undefined`: it does not tell. */
  get read(): number | undefined {
    return this.#reports.read
  }

  /** How many messages it was sent. */
  get sent(): number {
    return this.#sent
  }

  /** Whether it reports, and has not since it was sent a message. */
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
