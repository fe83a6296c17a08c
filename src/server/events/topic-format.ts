import { isUtf8 } from 'node:buffer'
import { errorToWire } from '../../backends/http/wire-error.ts'
import { GapError, messageId, type Position } from '../../recipes/topic/position.ts'
import { SSE, sentEvent } from './server-sent-events.ts'

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
  contentType: SSE.contentType,
  begin: (position) => sentEvent({ id: before(position) }),
  message: (data, id) => Buffer.from(sentEvent({ id, ...textOf(Buffer.from(data)) })),
  heartbeat: SSE.heartbeat,
  end(error) {
    const gap = error instanceof GapError ? error : undefined
    const id = gap?.behind && before(gap.behind)
    const data = JSON.stringify(errorToWire(error))
    return sentEvent({ id, name: gap ? 'gap' : 'end', data })
  },
}

const before = ({ topic, next }: Position): string => messageId(topic, next - 1)

/** A carriage return would come out as a line feed. */
const textOf = (data: Buffer): { name?: string; data: string } =>
  isUtf8(data) && !data.includes(13)
    ? { data: data.toString() }
    : { name: 'base64', data: data.toString('base64') }
