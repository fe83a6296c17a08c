import {
  checkGreeting,
  GREETING_BYTES,
  LENGTH_BYTES,
  ProtocolError,
  type Role,
} from './protocol.ts'

/** Who sends byte by byte must not make us keep an object for each. */
const MAX_PARTS = 1_024

/**
 * Takes a peer's bytes as they come and gives the messages in them. Keeps no more than the bytes that came: an
 * announced length allocates nothing.
 */
export class Decoder {
  readonly #peer: Role
  readonly #limit: number
  #greeted = false
  /** What came and was not used: together shorter than what is needed. */
  #parts: Buffer[] = []
  #have = 0
  #need = GREETING_BYTES
  #inMessage = false

  /** `limit`: the longest message that is taken, in bytes. */
  constructor(peer: Role, limit: number) {
    this.#peer = peer
    this.#limit = limit
  }

  /** Whether the peer has greeted as it should. */
  get greeted(): boolean {
    return this.#greeted
  }

  /**
   * The messages that these bytes complete.
   * @throws ProtocolError the peer is not what it should be.
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
