import { backoff } from '../../backoff.ts'
import { type CoordinationError, LostError, UnavailableError } from '../../errors.ts'
import type { WatchEvent } from '../backend.ts'
import { now } from '../clock.ts'
import { BEAT, silenceOf } from '../patience.ts'
import type { Remote } from './remote.ts'
import { readEvents } from './stream.ts'

/** A stream that lasted so long (milliseconds) was a good one: after it the pauses begin anew. */
const STEADY = 5_000

/**
 * Follows a scope on the server: one stream after the other, each of which begins with a snapshot. Ends by the signal,
 * or where trying again is hopeless.
 */
export async function* follow(
  remote: Remote,
  scope: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, never> {
  for (let pauses = backoff(); ; ) {
    const begun = now()
    try {
      yield* oneStream(remote, scope, signal)
    } catch (error) {
      signal.throwIfAborted()
      yield { kind: 'interrupted', cause: passing(error) }
    }
    if (now() - begun > STEADY) pauses = backoff()
    await pauses.next().value(signal)
    signal.throwIfAborted()
  }
}

async function* oneStream(
  remote: Remote,
  scope: string,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent, never> {
  const heartbeat = Math.min(BEAT, remote.callLimit)
  const query = new URLSearchParams({ scope, heartbeat: String(heartbeat) })
  const response = await remote.stream(`/watch?${query}`, signal)
  return yield* readEvents(response, remote.address, silenceOf(heartbeat))
}

/** @throws what waiting does not mend. */
const passing = (error: unknown): CoordinationError => {
  const retryable = error instanceof UnavailableError ? error.retryable : error instanceof LostError
  if (retryable) return error as CoordinationError
  throw error
}
