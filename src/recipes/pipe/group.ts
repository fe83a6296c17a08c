import { PushListener } from '../../nanomsg/push-listener.ts'

/**
 * The limits of what is kept for a group: this many messages, plus as many for each connected receiver; or this many
 * bytes.
 */
const MAX_MESSAGES = 128
const MAX_BYTES = 8 * 1024 * 1024

/** The sender's side of a group of receivers: a port, and the messages that no receiver was free to take yet. */
export class PipeGroup {
  readonly name: string
  readonly #onChange: () => void
  #listener: PushListener | undefined
  #waiting: Buffer[] = []
  #bytes = 0
  #dropped = 0

  /** `onChange` is called when messages may have been taken, and when the number of receivers changes. */
  constructor(name: string, onChange: () => void) {
    this.name = name
    this.#onChange = onChange
  }

  /** Opens the port, and resolves to its number. Messages may be put in before. */
  async listen(host: string, port: number): Promise<number> {
    this.#listener = await PushListener.listen(host, port, () => {
      this.#hand()
      this.#onChange()
    })
    return this.#listener.port
  }

  /** Whether the next message has to wait or be dropped. */
  get full(): boolean {
    const most = MAX_MESSAGES * (1 + this.connected)
    return this.#waiting.length >= most || this.#bytes >= MAX_BYTES
  }

  /** The number of receivers that are connected and ready. */
  get connected(): number {
    return this.#listener?.ready ?? 0
  }

  /** The number of messages that no receiver has taken yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** The number of messages that were dropped because the group was full. */
  get dropped(): number {
    return this.#dropped
  }

  /** Gives a message to the next free receiver. Drops the message if the group is full. */
  put(framed: Buffer): void {
    if (this.full) {
      this.#dropped++
      return
    }
    this.#waiting.push(framed)
    this.#bytes += framed.length
    // If earlier messages wait, no receiver is free, and a change will hand them over.
    if (this.#waiting.length === 1) this.#hand()
  }

  /** To be called when all messages were taken. Resolves when all receivers have read them and have left. */
  async end(): Promise<void> {
    await this.#listener?.end()
  }

  close(): void {
    this.#listener?.close()
  }

  #hand(): void {
    let taken = 0
    for (const framed of this.#waiting) {
      if (!this.#listener?.offer(framed)) break
      this.#bytes -= framed.length
      taken++
    }
    if (taken > 0) this.#waiting.splice(0, taken)
  }
}
