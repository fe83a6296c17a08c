import {
  checkGreeting,
  GREETING_BYTES,
  LENGTH_BYTES,
  ProtocolError,
  type Role,
} from './protocol.ts'

/** A peer that sends byte by byte must not make this process keep an object for each byte. */
const MAX_PARTS = 1_024

/**
 * Decodes the bytes of a peer to messages, as they arrive. It keeps no more than the bytes that arrived: an announced
 * length allocates nothing.
 */
export class Decoder {
  readonly #peer: Role
  readonly #limit: number
  #greeted = false
  /** The bytes that arrived and were not used. They are fewer than are needed. */
  #parts: Buffer[] = []
  #have = 0
  #need = GREETING_BYTES
  #inMessage = false

  /** `limit`: the longest message that is accepted, in bytes. */
  constructor(peer: Role, limit: number) {
    this.#peer = peer
    this.#limit = limit
  }

  /** Whether the peer has greeted correctly. */
  get greeted(): boolean {
    return this.#greeted
  }

  /**
   * Returns the messages that these bytes complete.
   * @throws ProtocolError the greeting is wrong, or a message is longer than the limit.
   */
  decode(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = []
    let rest = chunk
    while (this.#have + rest.length >= this.#need) {
      const taken = this.#need - this.#have
      const piece = this.#join(rest.subarray(0, taken))
      rest = rest.subarray(taken)
      const message = this.#accept(piece)
      if (message) messages.push(message)
    }
    this.#keep(rest)
    return messages
  }

  #join(last: Buffer): Buffer {
    if (this.#have === 0) return last
    const whole = Buffer.concat([...this.#parts, last])
    this.#parts = []
    this.#have = 0
    return whole
  }

  #keep(rest: Buffer): void {
    if (rest.length === 0) return
    this.#parts.push(rest)
    this.#have += rest.length
    if (this.#parts.length > MAX_PARTS) this.#parts = [Buffer.concat(this.#parts)]
  }

  #accept(piece: Buffer): Buffer | undefined {
    if (this.#inMessage) return this.#endMessage(piece)
    if (this.#greeted) this.#beginMessage(piece)
    else this.#greet(piece)
    return undefined
  }

  #greet(piece: Buffer): void {
    checkGreeting(piece, this.#peer)
    this.#greeted = true
    this.#need = LENGTH_BYTES
  }

  #beginMessage(piece: Buffer): void {
    const length = piece.readBigUInt64BE()
    if (length > BigInt(this.#limit)) {
      throw new ProtocolError(`the peer announced a message of ${length} bytes`)
    }
    this.#need = Number(length)
    this.#inMessage = true
  }

  #endMessage(message: Buffer): Buffer {
    this.#need = LENGTH_BYTES
    this.#inMessage = false
    return message
  }
}
