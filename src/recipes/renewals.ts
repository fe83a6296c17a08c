import { setTimeout as sleep } from 'node:timers/promises'
import { backoff } from '../backoff.ts'
import { LONGEST_TIMER } from '../long-timer.ts'
import { withDeadline } from './deadline.ts'
import { type LeaseTimes, LONGEST_RETRY } from './lease-time.ts'

/**
 * Sends renewals until the signal aborts; never rejects. One that gets no answer keeps none of the later ones from being
 * sent, and one that fails is soon sent again, so that the first moment in which the store is back is used.
 * `renew` rejects where it failed.
 */
export const sendRenewals = async (
  { interval, patience }: Pick<LeaseTimes, 'interval' | 'patience'>,
  signal: AbortSignal,
  renew: (limit: AbortSignal) => Promise<unknown>,
  { ref = true } = {},
): Promise<void> => {
  const next = () =>
    sleep(Math.min(interval, LONGEST_TIMER), undefined, { signal, ref }).catch(() => {})
  const attempt = () =>
    withDeadline({ timeout: patience, signal }, renew).then(
      () => false,
      () => true,
    )
  await next()
  let pauses = backoff(LONGEST_RETRY)
  while (!signal.aborted) {
    const due = next()
    const failed = await Promise.race([attempt(), due])
    if (failed) await pauses.next().value(signal)
    else {
      pauses = backoff(LONGEST_RETRY)
      await due
    }
  }
}
