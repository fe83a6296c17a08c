import { finished } from 'node:stream/promises'
import { backoff } from '../../base/backoff.ts'
import { UnavailableError } from '../../base/errors.ts'
import type { WireAnnouncement } from './protocol.ts'
import type { RendezvousClient } from './rendezvous-client.ts'

/**
 * Keeps a connection open that tells the server who waits, and makes a new one when it breaks, until the signal aborts.
 * The kernel closes it with the process, so that leaving costs nothing, and a waiter that was killed is gone at once.
 * Never rejects: a server that takes no announcements is left alone.
 */
export const announce = async (
  client: RendezvousClient,
  announcement: WireAnnouncement,
  signal: AbortSignal,
): Promise<void> => {
  for (const pause of backoff()) {
    if (!(await announceOnce(client, announcement, signal))) return
    await pause(signal)
    if (signal.aborted) return
  }
}

/** Whether it is worth another try. */
const announceOnce = async (
  client: RendezvousClient,
  announcement: WireAnnouncement,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    const response = await client.stream('/announce', signal, announcement)
    await finished(response.resume()).catch(() => {})
    return !signal.aborted
  } catch (error) {
    return !signal.aborted && error instanceof UnavailableError && error.retryable
  }
}
