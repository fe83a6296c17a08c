/**
 * What the scalability protocols (nanomsg, nng) say over TCP: eight bytes each way to greet, then messages, each behind
 * its length. See sp-tcp-mapping-01 and sp-pipeline-01 of nanomsg's RFCs.
 */
export type Role = 'push' | 'pull'

const NUMBERS: Readonly<Record<Role, number>> = { push: 0x50, pull: 0x51 }

export const GREETING_BYTES = 8

/** The longest message (bytes) that is sent or taken: who announces a longer one is cut off. */
export const LONGEST_MESSAGE = 8 * 1024 * 1024

/** The other side speaks something else, or wants too much. Its connection is closed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** The greeting of one side. */
export const greeting = (role: Role): Buffer =>
  Buffer.from([0, 0x53, 0x50, 0, 0, NUMBERS[role], 0, 0])

/** @throws ProtocolError these are not the greeting of such a peer. */
export const checkGreeting = (bytes: Uint8Array, role: Role): void => {
  if (!greeting(role).equals(bytes))
    throw new ProtocolError(`the peer does not identify itself as ${role}`)
}

/** A message as it goes over the wire. */
export const frame = (message: Uint8Array): Buffer => {
  const framed = Buffer.allocUnsafe(LENGTH_BYTES + message.byteLength)
  framed.writeBigUInt64BE(BigInt(message.byteLength))
  framed.set(message, LENGTH_BYTES)
  return framed
}

export const LENGTH_BYTES = 8
