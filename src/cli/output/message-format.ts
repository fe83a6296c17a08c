import { isUtf8 } from 'node:buffer'
import { messageId } from '../../recipes/topic/position.ts'
import type { Messages } from '../../recipes/topic/subscription.ts'

/** The bytes of each message, followed by the delimiter. */
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

/** Each message as a JSON object on a line: as text, or in base64 if it is not UTF-8. */
export const asJson = ({ topic, first, messages }: Messages): string =>
  messages
    .map((message, index) => {
      const id = messageId(topic, first + index)
      return `${JSON.stringify({ ok: true, id, ...contentOf(Buffer.from(message)) })}\n`
    })
    .join('')

/** One message in the same form, without an id. */
export const asJsonLine = (message: Buffer): string =>
  `${JSON.stringify({ ok: true, ...contentOf(message) })}\n`

const contentOf = (message: Buffer): { message: string } | { base64: string } =>
  isUtf8(message) ? { message: message.toString() } : { base64: message.toString('base64') }
