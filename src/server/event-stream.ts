import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { WatchEvent } from '../backends/backend.ts'
import type { WireEvent } from '../backends/http/protocol.ts'
import { eventToWire } from '../backends/http/wire.ts'
import { errorToWire } from '../backends/http/wire-error.ts'
import { withDeadline } from '../recipes/deadline.ts'

/** A client that reads nothing for so long (milliseconds) is let go. */
const LONGEST_STALL = 30_000

/**
 * Writes the events of a watch as lines until the watch ends, then why, and closes. A line comes at least every
 * `heartbeat` milliseconds. Only as fast as the client reads: the watch keeps no more than the newest change of a key.
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
      if (!response.write(toLine(eventToWire(event)))) await drained(response, signal)
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

/** What is put and deleted again meanwhile piles up: a client that comes back starts from a snapshot instead. */
const drained = (response: ServerResponse, signal: AbortSignal): Promise<unknown> =>
  withDeadline({ timeout: LONGEST_STALL, signal }, (limit) =>
    once(response, 'drain', { signal: limit }),
  )
