import { isUtf8 } from 'node:buffer'
import { messageId } from '../../recipes/topic/position.ts'
import type { Messages } from '../../recipes/topic/subscription.ts'

/** Each message with what ends it, byte for byte. */
export const delimited = ({ messages }: Messages, delimiter: number): Uint8Array => {
  const size = messages.reduce((sum, { length }) => sum + length + 1, 0)
  const bytes = new Uint8Array(size)
  let at = 0
  for (const message of messages) {
    bytes.set(message, at)
    at += message.length
    bytes[at++] = delimiter
  }
  return bytes
}

/** Each message as an object on a line: as text, or in base64 where it is none. */
export const asJson = ({ topic, first, messages }: Messages): string =>
  messages
    .map((message, index) => {
      const id = messageId(topic, first + index)
      return `${JSON.stringify({ ok: true, id, ...contentOf(Buffer.from(message)) })}\n`
    })
    .join('')

/** One message as an object on a line, likewise. */
export const asJsonLine = (message: Buffer): string =>
  `${JSON.stringify({ ok: true, ...contentOf(message) })}\n`

/** What JSON says of any bytes. */
const contentOf = (message: Buffer): { message: string } | { base64: string } =>
  isUtf8(message) ? { message: message.toString() } : { base64: message.toString('base64') }
