import { now } from '../../base/clock.ts'
import { TimeoutError } from '../../base/errors.ts'
import { type LongTimer, setLongTimeout } from '../../base/long-timer.ts'
import { nowWaiting, whenWaiting } from '../../base/waiting-mark.ts'

/** The limits of a call. */
export interface Limits {
  /** Milliseconds. Without a timeout, or with 0, there is no limit. */
  readonly timeout?: number | undefined
  /** Cancels: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds by which the deadline is extended for a call that does not wait yet: it opens the store, or reads. */
  readonly overtime?: number | undefined
  /** Start of the timeout, in monotonic milliseconds. Default: the start of the call. */
  readonly begun?: number | undefined
}

/** Milliseconds after the deadline that a call may use for last reads and cleanup. */
const LAST_CHECK_AFTER = 850

/** When the deadline of a TimeoutError passed, in monotonic milliseconds. */
const deadlines = new WeakMap<object, number>()

/**
 * Milliseconds left for a last read or a cleanup after `reason` ended the call: at most `limit`, and less if `reason` is a
 * deadline that passed a while ago.
 */
export const timeLeftAfter = (reason: unknown, limit: number): number => {
  const deadline = deadlineOf(reason)
  if (deadline === undefined) return limit
  return Math.max(1, Math.min(limit, Math.ceil(deadline + LAST_CHECK_AFTER - now())))
}

/** A signal that aborts after `timeLeftAfter`. */
export const signalAfter = (reason: unknown, limit: number): AbortSignal =>
  AbortSignal.timeout(timeLeftAfter(reason, limit))

const deadlineOf = (reason: unknown): number | undefined => {
  if (!(reason instanceof TimeoutError)) return undefined
  return deadlines.get(reason) ?? deadlineOf(reason.cause)
}

/** Runs `body` with a signal that aborts at the deadline (with a TimeoutError), or when the caller cancels. */
export const withDeadline = async <T>(
  limits: Limits,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const { timeout, signal } = limits
  signal?.throwIfAborted()
  if (signal && !timeout) return body(signal)
  const deadline = new AbortController()
  const unbind = bind(deadline, limits)
  try {
    return await body(deadline.signal)
  } finally {
    unbind()
  }
}

/** Aborts the controller at the deadline, or when the caller cancels. Returns a function that undoes this. */
const bind = (
  controller: AbortController,
  { timeout = 0, overtime = 0, signal, begun = now() }: Limits,
): (() => void) => {
  const due = begun + timeout
  let timer: LongTimer | undefined
  const cancel = () => controller.abort(signal?.reason)
  const expire = () => {
    const error = new TimeoutError(`timed out after ${timeout / 1000} s`)
    deadlines.set(error, due)
    controller.abort(error)
  }
  const expireAt = (end: number) => {
    timer?.clear()
    const left = Math.ceil(end - now())
    if (left <= 0) expire()
    else timer = setLongTimeout(expire, left)
  }
  if (signal?.aborted) cancel()
  else if (timeout > 0) expireAt(due + overtime)
  let waits = overtime === 0
  whenWaiting(controller.signal, () => {
    nowWaiting(signal)
    if (waits || !timer) return
    waits = true
    expireAt(due)
  })
  signal?.addEventListener('abort', cancel, { once: true })
  return () => {
    timer?.clear()
    timer = undefined
    signal?.removeEventListener('abort', cancel)
  }
}
