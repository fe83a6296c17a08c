/**
 * The two roles in the scalability protocols (nanomsg, nng) over TCP. Each side greets with eight bytes, and then sends
 * messages, each after its length. See sp-tcp-mapping-01 and sp-pipeline-01 of nanomsg's RFCs.
 */
export type Role = 'push' | 'pull'

const NUMBERS: Readonly<Record<Role, number>> = { push: 0x50, pull: 0x51 }

export const GREETING_BYTES = 8

/** The longest message (bytes) that is sent or accepted. A peer that announces a longer one is cut off. */
export const LONGEST_MESSAGE = 8 * 1024 * 1024

/** The peer speaks something else, or announces a message that is too long. Its connection is closed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** The greeting of one side. */
export const greeting = (role: Role): Buffer =>
  Buffer.from([0, 0x53, 0x50, 0, 0, NUMBERS[role], 0, 0])

/** @throws ProtocolError the bytes are not the greeting of a peer with this role. */
export const checkGreeting = (bytes: Uint8Array, role: Role): void => {
  if (!greeting(role).equals(bytes))
    throw new ProtocolError(`the peer does not identify itself as ${role}`)
}

/** A message in its form on the wire. */
export const frame = (message: Uint8Array): Buffer => {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + message.byteLength)
  framed.writeBigUInt64BE(BigInt(message.byteLength))
  framed.set(message, LENGTH_BYTES)
  return framed
}

export const LENGTH_BYTES = 8
