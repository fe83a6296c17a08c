import type { Readable } from 'node:stream'
import { UsageError } from '../base/errors.ts'

/** The byte that ends a record: a line feed, or NUL with `--null`. */
export const delimiterOf = (isNull: boolean): number => (isNull ? 0 : 10)

/**
 * Yields the records of a stream without their delimiters. The bytes after the last delimiter are a record, too.
 * @throws UsageError the stream has more than `longest` bytes without a delimiter. A complete record may be longer.
 */
export async function* records(
  input: Readable,
  delimiter: number,
  longest: number,
): AsyncGenerator<Buffer> {
  let begun: Buffer[] = []
  let length = 0
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let from = 0
    for (let at = chunk.indexOf(delimiter); at !== -1; at = chunk.indexOf(delimiter, from)) {
      const last = chunk.subarray(from, at)
      from = at + 1
      yield length === 0 ? last : Buffer.concat([...begun, last])
      if (length > 0) begun = []
      length = 0
    }
    if (from === chunk.length) continue
    begun.push(chunk.subarray(from))
    length += chunk.length - from
    if (length > longest)
      throw new UsageError(`a message is longer than ${longest} bytes: shorten it`)
  }
  if (length > 0) yield Buffer.concat(begun)
}
