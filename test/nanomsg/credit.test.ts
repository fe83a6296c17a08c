import { expect, test } from 'vitest'
import { encodeReport, ReportDecoder } from '../../src/nanomsg/credit.ts'
import { Decoder } from '../../src/nanomsg/decoder.ts'
import { greeting, ProtocolError } from '../../src/nanomsg/protocol.ts'

/** The messages in the bytes of a connection. */
const messagesIn = (...frames: Buffer[]): Buffer[] =>
  new Decoder('pull', 8).decode(Buffer.concat([greeting('pull'), ...frames]))

const creditOf = (messages: readonly Buffer[]): number[] =>
  messages.map((message) => Number(message.readBigUInt64BE()))

test('a report says what was read and what may be sent', () => {
  const decoder = new ReportDecoder()
  expect(decoder.decode(messagesIn(encodeReport({ read: 0, credit: 2 })))).toBe(2)
  expect(decoder.read).toBe(0)
  expect(decoder.decode(messagesIn(encodeReport({ read: 2, credit: 6 })))).toBe(6)
  expect(decoder.read).toBe(2)
})

test('a report that comes in two parts is one', () => {
  const decoder = new ReportDecoder()
  decoder.decode(messagesIn(encodeReport({ read: 0, credit: 2 })))
  const [read, credit] = messagesIn(encodeReport({ read: 1, credit: 3 }))
  expect(decoder.decode([read as Buffer])).toBe(undefined)
  expect(decoder.read).toBe(0)
  expect(decoder.decode([credit as Buffer])).toBe(3)
  expect(decoder.read).toBe(1)
})

test('a sender of the version before reads credit from it: the last number holds', () => {
  const reports = [encodeReport({ read: 0, credit: 2 }), encodeReport({ read: 1, credit: 5 })]
  expect(creditOf(messagesIn(...reports)).at(-1)).toBe(5)
})

test('a receiver of the version before gives credit, and what it has read is not known', () => {
  const decoder = new ReportDecoder()
  const credit = (messages: number) => encodeReport({ read: 0, credit: messages }).subarray(16)
  expect(decoder.decode(messagesIn(credit(128)))).toBe(128)
  expect(decoder.decode(messagesIn(credit(160), credit(192)))).toBe(192)
  expect(decoder.read).toBe(undefined)
})

test('something else is refused', () => {
  expect(() => new ReportDecoder().decode([Buffer.from('no')])).toThrow(ProtocolError)
})
