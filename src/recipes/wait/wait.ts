import type { WaitEnd } from '../../backends/backend.ts'
import { aborted } from '../../base/abort.ts'
import { formatDuration } from '../../base/duration.ts'
import { NoError, TimeoutError, UnavailableError } from '../../base/errors.ts'
import { eitherSignal, nowWaiting } from '../../base/waiting-mark.ts'
import { type Limits, withDeadline } from '../core/deadline.ts'
import { lastCheck } from '../core/last-check.ts'
import { retryUntilAvailable } from '../core/retry.ts'
import type { Announcer } from './announcement.ts'
import type { Condition } from './condition.ts'
import { type Goal, type Progress, Tally } from './tally.ts'

export interface WaitOptions extends Limits, Goal {
  /** Checks once instead of waiting. If the conditions do not hold, throws a NoError. */
  readonly once?: boolean | undefined
  /** Called after every change, to show progress. */
  readonly progress?: ((state: Progress) => void) | undefined
  /** Announces the wait, once it is certain that it has to wait for something in a store. */
  readonly announce?: Announcer | undefined
}

/**
 * Waits until all conditions, or enough of them, hold at the same time.
 * @throws NoError a condition has failed, a `failIf` condition holds, or with `once` the conditions do not hold.
 * @throws TimeoutError the deadline passed. The error contains each pending condition with its last reason.
 * @throws UnavailableError the deadline passed, and the store of a pending condition was out of reach.
 */
export const waitFor = (
  conditions: readonly Condition[],
  options: WaitOptions = {},
): Promise<void> => {
  const tally = new Tally(conditions, options)
  return withDeadline(options, (deadline) => {
    if (!tally.observed.some(({ stored }) => stored)) nowWaiting(deadline)
    return options.once ? checkAll(tally, options, deadline) : observeAll(tally, options, deadline)
  })
}

const checkAll = async (
  tally: Tally,
  { timeout }: WaitOptions,
  signal: AbortSignal,
): Promise<void> => {
  const check = async (condition: Condition) =>
    tally.record(condition, await patiently(condition, signal, () => condition.check(signal)))
  try {
    await Promise.all(tally.observed.map(check))
  } catch (error) {
    throw error === signal.reason && error instanceof TimeoutError
      ? late(tally, error, timeout)
      : error
  }
  if (!tally.done) throw new NoError(`condition not met: ${tally.describePending()}`)
}

const observeAll = async (
  tally: Tally,
  { progress, announce, timeout }: WaitOptions,
  deadline: AbortSignal,
): Promise<void> => {
  let withdraw: ReturnType<Announcer> | undefined
  let end: WaitEnd | undefined
  let ended = false
  const begun = Date.now()
  const over = new AbortController()
  const signal = eitherSignal(deadline, over.signal)
  try {
    await new Promise<void>((resolve, reject) => {
      const changed = () => {
        if (ended) return
        progress?.(tally.progress)
        if (tally.done) resolve()
        else if (tally.looked) withdraw ??= announce?.(tally.targets, { begun, timeout })
      }
      aborted(signal).catch(reject)
      for (const condition of tally.observed) {
        observe(condition, tally, changed, signal).catch(reject)
      }
      changed()
    }).catch((error) => {
      if (error !== deadline.reason || !(error instanceof TimeoutError)) throw error
      return atDeadline(tally, error, timeout)
    })
    end = { outcome: 'released' }
  } catch (error) {
    end = endOf(error, error === deadline.reason)
    throw error
  } finally {
    ended = true
    // The caller has more urgent work than the end of the watches, so it continues first.
    setImmediate(() => over.abort(new Error('the wait is over')))
    await withdraw?.(end)
  }
}

/** The end of a wait, as it is reported to others. `undefined` if the store is out of reach or does not answer. */
const endOf = (error: unknown, cancelled: boolean): WaitEnd | undefined => {
  if (error instanceof UnavailableError) return undefined
  const reason = error instanceof Error ? error.message : undefined
  if (!(error instanceof TimeoutError)) return { outcome: cancelled ? 'gone' : 'failed', reason }
  const [first, ...others] = error.pending
  if (others.length === 0) return { outcome: 'timeout', reason: first?.reason }
  const reasons = error.pending.map(({ target, reason }) => `${target} ${reason}`)
  return { outcome: 'timeout', reason: reasons.join('; ') }
}

const observe = (
  condition: Condition,
  tally: Tally,
  changed: () => void,
  signal: AbortSignal,
): Promise<void> =>
  patiently(condition, signal, async (answered) => {
    for await (const observation of condition.observe(signal)) {
      answered()
      tally.record(condition, observation)
      changed()
    }
  })

/** Only a store is asked again, and reported if it does not answer. The target of a probe is not a store. */
const patiently = <T>(
  { stored }: Condition,
  signal: AbortSignal,
  call: (answered: () => void) => Promise<T>,
): Promise<T> => (stored ? retryUntilAvailable({ signal }, call) : call(() => {}))

/**
 * A state that was set at the last moment still counts. The check also distinguishes a store that does not answer from
 * one that answers no.
 */
const atDeadline = async (
  tally: Tally,
  reason: TimeoutError,
  timeout: number | undefined,
): Promise<void> => {
  const stored = tally.observed.filter((condition) => condition.stored)
  await Promise.all(stored.map((condition) => checkAgain(condition, tally, reason)))
  if (tally.done) return
  if (tally.unreachable) throw tally.unreachable
  throw late(tally, reason, timeout)
}

const late = (tally: Tally, reason: TimeoutError, timeout?: number): TimeoutError => {
  const within = timeout ? formatDuration(timeout) : undefined
  const pending = tally.pending(within)
  const message = `${reason.message}: ${tally.describePending(within)}`
  return new TimeoutError(message, { pending, cause: reason })
}

const checkAgain = async (
  condition: Condition,
  tally: Tally,
  reason: TimeoutError,
): Promise<void> => {
  try {
    tally.record(condition, await lastCheck(reason, (signal) => condition.check(signal)))
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error
    tally.recordUnreachable(condition, error)
  }
}
