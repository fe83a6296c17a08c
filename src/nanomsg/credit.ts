import { frame, ProtocolError } from './protocol.ts'

// In this protocol, a PULL socket sends no messages, and other implementations discard any that it sends. Two rdv
// processes agree on more: the receiver reports what it has read and how much more it accepts. See decisions 21 and 23.

export const CREDIT_BYTES = 8

/** A receiver's report to its sender, counted in messages since the connection began. */
export interface Report {
  /** The number of messages that the receiver's reader has read. */
  readonly read: number
  /** The number of messages that the sender may send. */
  readonly credit: number
}

/** Two messages of one number each. A sender that knows only credit takes both for credit, and the second counts. */
export const encodeReport = ({ read, credit }: Report): Buffer =>
  Buffer.concat([frame(encode(read)), frame(encode(credit))])

const encode = (messages: number): Buffer => {
  const bytes = Buffer.alloc(CREDIT_BYTES)
  bytes.writeBigUInt64BE(BigInt(messages))
  return bytes
}

/** @throws ProtocolError the message is not a number. */
const decode = (message: Buffer): number => {
  if (message.length !== CREDIT_BYTES) throw new ProtocolError('the peer sent an unknown message')
  return Number(message.readBigUInt64BE())
}

/** Decodes the reports of one receiver as they arrive. */
export class ReportDecoder {
  #reports: boolean | undefined
  #read: number | undefined
  #last: number | undefined

  /** The number of messages that the receiver has read; `undefined` if it does not report that. */
  get read(): number | undefined {
    return this.#read
  }

  /**
   * Returns the newest credit in these messages; `undefined` if there is none.
   * @throws ProtocolError the messages are not reports.
   */
  decode(messages: readonly Buffer[]): number | undefined {
    const numbers = messages.map(decode)
    // The first report consists of 0 and the credit. A receiver of the version before begins with its credit alone.
    this.#reports ??= numbers.length > 1 && numbers[0] === 0
    if (!this.#reports) return numbers.at(-1)
    let credit: number | undefined
    for (const number of numbers) {
      if (this.#last === undefined) this.#last = number
      else {
        this.#read = this.#last
        credit = number
        this.#last = undefined
      }
    }
    return credit
  }
}
