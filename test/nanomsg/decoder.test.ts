import { describe, expect, test } from 'vitest'
import { Decoder } from '../../src/nanomsg/decoder.ts'
import { frame, greeting, ProtocolError } from '../../src/nanomsg/protocol.ts'

const announcing = (length: bigint): Buffer => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(length)
  return bytes
}

describe('what comes over the wire', () => {
  const messages = ['one', '', 'x'.repeat(70_000), 'two\nlines', '\0']
  const wire = Buffer.concat([
    greeting('push'),
    ...messages.map((text) => frame(Buffer.from(text))),
  ])

  test.each([1, 2, 3, 7, 8, 9, 16, 1_000, 65_536, wire.length])(
    'is the same messages, in pieces of %i bytes',
    (size) => {
      const decoder = new Decoder('push', 100_000)
      const found: string[] = []
      for (let at = 0; at < wire.length; at += size) {
        found.push(...decoder.decode(wire.subarray(at, at + size)).map(String))
      }
      expect(found).toEqual(messages)
    },
  )

  test.each([
    ['another protocol', Buffer.from('GET / HTTP/1.1\r\n')],
    ['the greeting of the wrong side', greeting('pull')],
    ['a later version', Buffer.from([0, 0x53, 0x50, 1, 0, 0x50, 0, 0])],
    ['something where zeroes are', Buffer.from([0, 0x53, 0x50, 0, 0, 0x50, 0, 1])],
  ])('is refused: %s', (_, bytes) => {
    expect(() => new Decoder('push', 100).decode(bytes)).toThrow(ProtocolError)
  })

  test.each([101n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n])(
    'is refused, and nothing allocated: a message of %i bytes',
    (length) => {
      const decoder = new Decoder('push', 100)
      const before = process.memoryUsage().arrayBuffers
      expect(() => decoder.decode(Buffer.concat([greeting('push'), announcing(length)]))).toThrow(
        ProtocolError,
      )
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
    },
  )

  test('allocates no more than has come of a long message', () => {
    const decoder = new Decoder('push', 2 ** 30)
    const before = process.memoryUsage().arrayBuffers
    decoder.decode(Buffer.concat([greeting('push'), announcing(2n ** 30n), Buffer.from('begun')]))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
  })
})
