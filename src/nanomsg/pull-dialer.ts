import { connect, type Socket } from 'node:net'
import { backoff } from '../base/backoff.ts'
import { converse } from './connection.ts'
import { encodeReport, type Report } from './credit.ts'
import { LONGEST_MESSAGE } from './protocol.ts'

export interface PullOptions {
  readonly host: string
  readonly port: number
  /** The report that follows the greeting on a new connection; `undefined` if the peer does not know reports. */
  firstReport(): Report | undefined
  onMessages(messages: readonly Buffer[]): void
  /** Called when a connection has ended, or could not be made. */
  onDisconnect(): void
}

/** A PULL socket that dials, and dials again when the connection has ended. */
export class PullDialer {
  readonly #options: PullOptions
  readonly #closing = new AbortController()
  #socket: Socket | undefined
  #reports = false
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

  /** Reports to the peer what was read, and how much it may send. */
  report(report: Report): void {
    if (this.#reports && this.#socket?.writable) this.#socket.write(encodeReport(report))
  }

  /** Stops reading. A new connection still greets. */
  pause(): void {
    this.#paused = true
    if (this.#greeted) this.#socket?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#socket?.resume()
  }

  /** Reads what the connection still brings, and does not dial again. */
  retire(): void {
    this.#retired = true
    if (!this.#socket) this.#closing.abort()
  }

  /** Takes `retire` back, so that it dials again. Returns `false` if it has already ended. */
  readmit(): boolean {
    if (this.#finished || this.#closing.signal.aborted) return false
    this.#retired = false
    return true
  }

  /** Asks the peer to send nothing more, reads what is on its way, and does not dial again. */
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
    while (!this.#over) await this.#dialUntilMessages()
    this.#finished = true
  }

  get #over(): boolean {
    return this.#retired || this.#closing.signal.aborted
  }

  /** Dials until a connection has brought messages. Then the pauses are short again. */
  async #dialUntilMessages(): Promise<void> {
    for (const pause of backoff()) {
      const heard = await this.#connection()
      this.#options.onDisconnect()
      if (heard || this.#over) return
      await pause(this.#closing.signal)
      if (this.#over) return
    }
  }

  /** Makes one connection and waits for its end. Resolves to whether it brought messages. */
  #connection(): Promise<boolean> {
    const { host, port } = this.#options
    let heard = false
    const socket = connect({ host, port })
    this.#socket = socket
    const first = this.#options.firstReport()
    this.#reports = first !== undefined
    converse(socket, {
      role: 'pull',
      limit: LONGEST_MESSAGE,
      first: first && encodeReport(first),
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
        this.#reports = false
        resolve(heard)
      })
    })
  }
}
