import type { IncomingMessage } from 'node:http'
import { UnavailableError } from '../../base/errors.ts'
import type { WatchEvent } from '../backend.ts'
import { linesOf } from '../network/http-client.ts'
import type { WireEvent } from './protocol.ts'
import { unreachable } from './response.ts'
import { changeFromWire, listingFromWire } from './wire.ts'
import { errorFromWire } from './wire-error.ts'

/**
 * The events of one watch stream until it breaks. The stream counts as broken if nothing arrives for `silence`
 * milliseconds, not even a heartbeat.
 * @throws CoordinationError the error with which the server ended the stream.
 * @throws UnavailableError the stream broke.
 */
export async function* readEvents(
  response: IncomingMessage,
  address: string,
  silence: number,
): AsyncGenerator<WatchEvent, never> {
  try {
    for await (const line of timedLines(response, silence, address)) {
      const event = parse(line, address)
      if (event) yield event
    }
  } finally {
    response.destroy()
  }
  throw new UnavailableError(`${address} ended the watch`)
}

async function* timedLines(
  response: IncomingMessage,
  silence: number,
  address: string,
): AsyncGenerator<string> {
  const seconds = silence / 1000
  const timer = setTimeout(() => {
    response.destroy(new UnavailableError(`${address} has been silent for ${seconds} s`))
  }, silence)
  try {
    yield* linesOf(response, () => timer.refresh())
  } catch (error) {
    throw unreachable(error, address)
  } finally {
    clearTimeout(timer)
  }
}

/** `undefined` for an event that only shows that the server is alive, and for one that only a newer client knows. */
const parse = (line: string, address: string): WatchEvent | undefined => {
  const event = decode(line, address)
  switch (event.kind) {
    case 'snapshot':
      return { kind: 'snapshot', reset: false, ...listingFromWire(event) }
    case 'changes':
      return { kind: 'changes', changes: event.changes.map(changeFromWire) }
    case 'interrupted':
      return { kind: 'interrupted', cause: errorFromWire(event.cause, address) }
    case 'end':
      throw errorFromWire(event.cause, address)
    default:
      return undefined
  }
}

const decode = (line: string, address: string): WireEvent => {
  try {
    return JSON.parse(line)
  } catch (cause) {
    throw new UnavailableError(`${address} sent a watch event that cannot be parsed`, { cause })
  }
}
