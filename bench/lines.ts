import { Readable } from 'node:stream'

/** 64 bytes, including the line feed. */
export const MESSAGE = 'm'.repeat(63)

/** `count` lines of 64 bytes, in chunks as a producer writes them. */
export const linesOf64 = (count: number): Readable => Readable.from(chunks(count))

function* chunks(count: number): Generator<string> {
  for (let left = count; left > 0; left -= 1_000) {
    yield `${MESSAGE}\n`.repeat(Math.min(left, 1_000))
  }
}
