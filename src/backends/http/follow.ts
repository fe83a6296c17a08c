import { backoff } from '../../base/backoff.ts'
import { now } from '../../base/clock.ts'
import { type CoordinationError, LostError, UnavailableError } from '../../base/errors.ts'
import type { WatchEvent } from '../backend.ts'
import { HEARTBEAT_INTERVAL, silenceLimit } from '../network/adaptive-timeout.ts'
import type { RendezvousClient } from './rendezvous-client.ts'
import { readEvents } from './stream.ts'

/** After a stream that lasted this long (milliseconds), the pauses between streams are short again. */
const STABLE_AFTER = 5_000

/**
 * Follows a scope on the server by one stream after the other. Each stream begins with a snapshot. Ends when the signal
 * aborts, or when trying again is hopeless.
 */
export async function* follow(
  client: RendezvousClient,
  scope: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, never> {
  for (let pauses = backoff(); ; ) {
    const begun = now()
    try {
      yield* oneStream(client, scope, signal)
    } catch (error) {
      signal.throwIfAborted()
      yield { kind: 'interrupted', cause: requireTransient(error) }
    }
    if (now() - begun > STABLE_AFTER) pauses = backoff()
    await pauses.next().value(signal)
    signal.throwIfAborted()
  }
}

async function* oneStream(
  client: RendezvousClient,
  scope: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, never> {
  const heartbeat = Math.min(HEARTBEAT_INTERVAL, client.callLimit)
  const query = new URLSearchParams({ scope, heartbeat: String(heartbeat) })
  const response = await client.stream(`/watch?${query}`, signal)
  return yield* readEvents(response, client.address, silenceLimit(heartbeat))
}

/**
 * Returns the error if waiting helps.
 * @throws the error itself if waiting does not help.
 */
const requireTransient = (error: unknown): CoordinationError => {
  const retryable = error instanceof UnavailableError ? error.retryable : error instanceof LostError
  if (retryable) return error as CoordinationError
  throw error
}
