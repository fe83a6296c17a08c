import { isUtf8 } from 'node:buffer'
import { errorToWire } from '../../backends/http/wire-error.ts'
import { GapError, messageId, type Position } from '../../recipes/topic/position.ts'
import { SSE, sentEvent } from './server-sent-events.ts'

/** The format in which the messages of a topic are written to a client. */
export interface TopicFormat {
  readonly contentType: string
  /** Returns the text before the first message. */
  begin(position: Position): string
  message(data: Uint8Array, id: string): Uint8Array
  /** The text that is sent while there are no messages. `undefined`: nothing may come between messages. */
  readonly heartbeat: string | undefined
  /** Returns the text that says why the stream ends too early. `undefined`: the stream breaks off without a text. */
  end(error: unknown): string | undefined
}

/** Writes each message byte for byte, followed by the delimiter. */
export const delimitedBy = (delimiter: number): TopicFormat => ({
  contentType: 'application/octet-stream',
  begin: () => '',
  message: (data) => Buffer.concat([data, Buffer.from([delimiter])]),
  heartbeat: undefined,
  end: () => undefined,
})

/**
 * Server-Sent Events. The id of an event is the id of its message, so a client that reconnects with it as
 * `Last-Event-ID` continues after that message. The first event has no data, only the id of the position before the
 * stream. A message that cannot be text of such a stream is sent as an event `base64`. A gap is reported by the event
 * `gap`, with whose id a client continues behind the gap.
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

/** A message with a carriage return is sent as base64, because the carriage return would arrive as a line feed. */
const textOf = (data: Buffer): { name?: string; data: string } =>
  isUtf8(data) && !data.includes(13)
    ? { data: data.toString() }
    : { name: 'base64', data: data.toString('base64') }
