import { frame, ProtocolError } from './protocol.ts'

// A PULL socket has nothing to say, and other implementations discard what it says. Two of ours agree on more: the
// receiver reports what it has read and how much more it takes. See decisions 21 and 23.

export const CREDIT_BYTES = 8

/** What a receiver tells its sender, counted in messages since the connection began. */
export interface Report {
  /** How many its reader has read. */
  readonly read: number
  /** How many may be sent. */
  readonly credit: number
}

/** Two messages of one number each. A sender that knows only credit takes each for credit, and the second one holds. */
export const encodeReport = ({ read, credit }: Report): Buffer =>
  Buffer.concat([frame(encode(read)), frame(encode(credit))])

const encode = (messages: number): Buffer => {
  const bytes = Buffer.alloc(CREDIT_BYTES)
  bytes.writeBigUInt64BE(BigInt(messages))
  return bytes
}

/** @throws ProtocolError it says something else. */
const decode = (message: Buffer): number => {
  if (message.length !== CREDIT_BYTES) throw new ProtocolError('the peer sent an unknown message')
  return Number(message.readBigUInt64BE())
}

/** Takes the reports of one receiver as they come. */
export class ReportDecoder {
  #reports: boolean | undefined
  #read: number | undefined
  #last: number | undefined

  /** How many messages it has read; `undefined`: it does not tell. */
  get read(): number | undefined {
    return this.#read
  }

  /**
   * The newest credit in these messages; `undefined`: there is none.
   * @throws ProtocolError they are no reports.
   */
  decode(messages: readonly Buffer[]): number | undefined {
    const numbers = messages.map(decode)
    // The first report says 0 and then the credit. A receiver of the version before begins with its credit alone.
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
