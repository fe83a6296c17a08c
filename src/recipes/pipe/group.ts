import { PushListener } from '../../nanomsg/push-listener.ts'

/** What is kept for a group: so many messages, and as many for each receiver that is connected, or so many bytes. */
const MAX_MESSAGES = 128
const MAX_BYTES = 8 * 1024 * 1024

/** The sender's side of a group of receivers: a port, and the messages that none of them was free to take yet. */
export class PipeGroup {
  readonly name: string
  readonly #onChange: () => void
  #listener: PushListener | undefined
  #waiting: Buffer[] = []
  #bytes = 0
  #dropped = 0

  /** `onChange` is called whenever messages have been taken, or the number of receivers is another one. */
  constructor(name: string, onChange: () => void) {
    this.name = name
    this.#onChange = onChange
  }

  /** Opens its port, and resolves to that. Messages may be put in before. */
  async listen(host: string, port: number): Promise<number> {
    this.#listener = await PushListener.listen(host, port, () => {
      this.#hand()
      this.#onChange()
    })
    return this.#listener.port
  }

  /** Whether the next message has to wait, or be dropped. */
  get full(): boolean {
    const most = MAX_MESSAGES * (1 + this.connected)
    return this.#waiting.length >= most || this.#bytes >= MAX_BYTES
  }

  /** How many receivers are connected and ready. */
  get connected(): number {
    return this.#listener?.ready ?? 0
  }

  /** How many messages nobody has taken yet. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** How many were dropped because it was full. */
  get dropped(): number {
    return this.#dropped
  }

  /** For whoever is free next; dropped if it is full. */
  put(framed: Buffer): void {
    if (this.full) {
      this.#dropped++
      return
    }
    this.#waiting.push(framed)
    this.#bytes += framed.length
    // Those before it wait for a change: nobody is free.
    if (this.#waiting.length === 1) this.#hand()
  }

  /** Once everything was handed over: resolves when all receivers have read it and gone. */
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
