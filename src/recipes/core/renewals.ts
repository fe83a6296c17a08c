import { setTimeout as sleep } from 'node:timers/promises'
import { backoff } from '../../base/backoff.ts'
import { LeaseGoneError } from '../../base/errors.ts'
import { MAX_TIMER } from '../../base/long-timer.ts'
import { withDeadline } from './deadline.ts'
import { type LeaseTimes, MAX_RETRY_PAUSE } from './lease-time.ts'

interface RenewalOptions {
  /** Whether the renewals keep the process alive. Default: true. */
  readonly ref?: boolean
  /** Whether the first renewal is sent at once, and not after the interval. Default: false. */
  readonly atOnce?: boolean
}

/**
 * Sends renewals until the signal aborts or the lease is gone. A renewal that gets no answer does not delay the next
 * one. A failed renewal is soon sent again, so that a store that returns is used at once. `renew` must reject if a
 * renewal fails. Never rejects.
 */
export const sendRenewals = async (
  { interval, answerLimit }: Pick<LeaseTimes, 'interval' | 'answerLimit'>,
  signal: AbortSignal,
  renew: (limit: AbortSignal) => Promise<unknown>,
  { ref = true, atOnce = false }: RenewalOptions = {},
): Promise<void> => {
  const gone = new AbortController()
  const over = AbortSignal.any([signal, gone.signal])
  const next = () =>
    sleep(Math.min(interval, MAX_TIMER), undefined, { signal: over, ref }).catch(() => {})
  const attempt = () =>
    withDeadline({ timeout: answerLimit, signal: over }, renew).then(
      () => false,
      (error) => {
        if (error instanceof LeaseGoneError) gone.abort()
        return true
      },
    )
  if (!atOnce) await next()
  let pauses = backoff(MAX_RETRY_PAUSE)
  while (!over.aborted) {
    const due = next()
    const failed = await Promise.race([attempt(), due])
    if (failed) await pauses.next().value(over)
    else {
      pauses = backoff(MAX_RETRY_PAUSE)
      await due
    }
  }
}
