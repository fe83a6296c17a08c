import { isUtf8 } from 'node:buffer'
import { errorToWire } from '../backends/http/wire-error.ts'
import { GapError, messageId, type Position } from '../recipes/topic/position.ts'

/** How the messages of a topic are written to a client. */
export interface TopicFormat {
  readonly contentType: string
  /** Before the first message. */
  begin(position: Position): string
  message(data: Uint8Array, id: string): Uint8Array
  /** While there are no messages; `undefined`: nothing may come between them. */
  readonly heartbeat: string | undefined
  /** Why it ends too early; `undefined`: it is broken off without a word. */
  end(error: unknown): string | undefined
}

/** Each message, byte for byte, with what ends it. */
export const delimitedBy = (delimiter: number): TopicFormat => ({
  contentType: 'application/octet-stream',
  begin: () => '',
  message: (data) => Buffer.concat([data, Buffer.from([delimiter])]),
  heartbeat: undefined,
  end: () => undefined,
})

/**
 * Server-Sent Events. The id of an event is the message's, so a client that reconnects with it as `Last-Event-ID` goes
 * on behind it; the first event has no data, only the id of the place before. Of a message that is no text of such a
 * stream, the event `base64` tells. A gap is told by the event `gap`, whose id lies behind it.
 */
export const serverSentEvents: TopicFormat = {
  contentType: 'text/event-stream',
  begin: (position) => `id: ${before(position)}\n\n`,
  message: (data, id) => Buffer.from(`id: ${id}\n${eventOf(Buffer.from(data))}\n`),
  heartbeat: ': heartbeat\n\n',
  end(error) {
    const place = error instanceof GapError && error.behind ? `id: ${before(error.behind)}\n` : ''
    const name = error instanceof GapError ? 'gap' : 'end'
    return `${place}event: ${name}\ndata: ${JSON.stringify(errorToWire(error))}\n\n`
  },
}

const before = ({ topic, next }: Position): string => messageId(topic, next - 1)

/** A carriage return would come out as a line feed. */
const eventOf = (data: Buffer): string =>
  isUtf8(data) && !data.includes(13)
    ? `data: ${data.toString().replaceAll('\n', '\ndata: ')}\n`
    : `event: base64\ndata: ${data.toString('base64')}\n`
