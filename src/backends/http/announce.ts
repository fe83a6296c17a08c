import { finished } from 'node:stream/promises'
import { backoff } from '../../base/backoff.ts'
import { UnavailableError } from '../../base/errors.ts'
import type { WireAnnouncement } from './protocol.ts'
import type { RendezvousClient } from './rendezvous-client.ts'

/**
 * Keeps a connection open by which the server knows the waiter, and opens a new one when it breaks, until the signal
 * aborts. The kernel closes the connection with the process. So leaving costs nothing, and the server sees at once that
 * a waiter was killed. Never rejects: if the server takes no announcements, this gives up.
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

/** Whether another try makes sense. */
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
