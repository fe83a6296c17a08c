import type { ServerResponse } from 'node:http'
import type { WatchEvent } from '../../backends/backend.ts'
import type { WireEvent } from '../../backends/http/protocol.ts'
import { eventToWire } from '../../backends/http/wire.ts'
import { errorToWire } from '../../backends/http/wire-error.ts'
import { writeWithBackpressure } from '../http/stream.ts'

/**
 * Writes the events of a watch as lines until the watch ends, then a line that says why, and closes the response. A
 * line comes at least every `heartbeat` milliseconds, but never faster than the client reads. Until the client reads,
 * the watch keeps only the newest change of each key.
 */
export const streamEvents = async (
  response: ServerResponse,
  events: AsyncIterable<WatchEvent>,
  heartbeat: number,
  signal: AbortSignal,
): Promise<void> => {
  const beat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(toLine({ kind: 'heartbeat' }))
  }, heartbeat)
  try {
    for await (const event of events) {
      await writeWithBackpressure(response, toLine(eventToWire(event)), signal)
    }
  } catch (error) {
    const cause = errorToWire(signal.aborted ? signal.reason : error)
    response.write(toLine({ kind: 'end', cause }))
  } finally {
    clearInterval(beat)
    response.end()
  }
}

const toLine = (event: WireEvent): string => `${JSON.stringify(event)}\n`
