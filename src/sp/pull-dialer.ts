import { connect, type Socket } from 'node:net'
import { backoff } from '../backoff.ts'
import { converse } from './connection.ts'
import { encodeCredit } from './credit.ts'
import { frame, LONGEST_MESSAGE } from './protocol.ts'

export interface PullOptions {
  readonly host: string
  readonly port: number
  /** How many messages there is room for when a connection begins; `undefined`: the peer knows nothing of credit. */
  firstCredit(): number | undefined
  onMessages(messages: readonly Buffer[]): void
  /** A connection has ended, or could not be made. */
  onDisconnect(): void
}

/** A PULL socket that dials, and dials again when the connection has ended. */
export class PullDialer {
  readonly #options: PullOptions
  readonly #closing = new AbortController()
  #socket: Socket | undefined
  #credit: number | undefined
  #retired = false
  #finished = false
  #greeted = false
  #paused = false
  /** Resolves when it has no connection and dials no more. */
  readonly done: Promise<void>

  constructor(options: PullOptions) {
    this.#options = options
    this.done = this.#run()
  }

  /** Lets the peer send so many messages more. */
  grant(messages: number): void {
    if (this.#credit === undefined || !this.#socket?.writable) return
    this.#credit += messages
    this.#socket.write(frame(encodeCredit(this.#credit)))
  }

  /** Reads nothing more; a new connection still greets. */
  pause(): void {
    this.#paused = true
    if (this.#greeted) this.#socket?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#socket?.resume()
  }

  /** Reads what the connection still brings, and dials no more. */
  retire(): void {
    this.#retired = true
    if (!this.#socket) this.#closing.abort()
  }

  /** Dials again after all; `false`: it has ended already. */
  readmit(): boolean {
    if (this.#finished || this.#closing.signal.aborted) return false
    this.#retired = false
    return true
  }

  /** Asks the peer to send nothing more, reads what is on its way, and dials no more. */
  leave(): void {
    this.retire()
    this.#socket?.end()
  }

  /** Ends everything at once. */
  close(): void {
    this.#closing.abort()
    this.#socket?.destroy()
  }

  async #run(): Promise<void> {
    while (!this.#over) await this.#dialUntilHeard()
    this.#finished = true
  }

  get #over(): boolean {
    return this.#retired || this.#closing.signal.aborted
  }

  /** Until a connection brought something, after which the pauses are short again. */
  async #dialUntilHeard(): Promise<void> {
    for (const pause of backoff()) {
      const heard = await this.#connection()
      this.#options.onDisconnect()
      if (heard || this.#over) return
      await pause(this.#closing.signal)
      if (this.#over) return
    }
  }

  /** One connection, to its end. Resolves to whether it brought messages. */
  #connection(): Promise<boolean> {
    const { host, port } = this.#options
    let heard = false
    const socket = connect({ host, port })
    this.#socket = socket
    this.#credit = this.#options.firstCredit()
    converse(socket, {
      role: 'pull',
      limit: LONGEST_MESSAGE,
      first: this.#credit === undefined ? undefined : frame(encodeCredit(this.#credit)),
      onGreeted: () => {
        this.#greeted = true
        if (this.#paused) socket.pause()
      },
      onMessages: (messages) => {
        heard = true
        this.#options.onMessages(messages)
      },
    })
    return new Promise((resolve) => {
      socket.once('close', () => {
        this.#socket = undefined
        this.#greeted = false
        this.#credit = undefined
        resolve(heard)
      })
    })
  }
}
