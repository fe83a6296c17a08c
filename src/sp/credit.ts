import { ProtocolError } from './protocol.ts'

// A PULL socket has nothing to say, and other implementations discard what it says. Two of ours agree on more: the
// receiver says how many messages it has room for, and the sender keeps to that. See decision 21.

export const CREDIT_BYTES = 8

/** That so many messages may be sent, counted since the connection began. */
export const encodeCredit = (messages: number): Buffer => {
  const bytes = Buffer.alloc(CREDIT_BYTES)
  bytes.writeBigUInt64BE(BigInt(messages))
  return bytes
}

/** @throws ProtocolError it says something else. */
export const decodeCredit = (message: Buffer): number => {
  if (message.length !== CREDIT_BYTES) throw new ProtocolError('the peer says something unknown')
  return Number(message.readBigUInt64BE())
}
