import { now } from '../backends/clock.ts'
import { TimeoutError } from '../errors.ts'
import { LateSignal, refuseCancelled } from '../late-signal.ts'
import { setLongTimeout } from '../long-timer.ts'

/** When to give up. */
export interface Limits {
  /** Milliseconds; 0 or nothing is no limit. */
  readonly timeout?: number | undefined
  /** Cancels: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** Runs `body` with a signal that aborts when the time is up (with a TimeoutError) or the caller cancels. */
export const withDeadline = async <T>(
  limits: Limits,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const { timeout, signal } = limits
  signal?.throwIfAborted()
  return signal && !timeout ? body(signal) : bounded(limits, (call) => body(call.signal))
}

/**
 * Likewise, for what is mostly done before it has to wait: the signal is made when it is asked for, unless the caller
 * has one already.
 */
export const withLateDeadline = async <T>(
  limits: Limits,
  body: (call: { readonly signal: AbortSignal }) => Promise<T>,
): Promise<T> => {
  const { timeout } = limits
  const isLate = limits instanceof LateSignal
  if (!isLate && limits.signal) return withDeadline(limits, (signal) => body({ signal }))
  refuseCancelled(limits)
  return isLate && !timeout ? body(limits) : bounded(limits, body)
}

const bounded = async <T>(limits: Limits, body: (call: LateSignal) => Promise<T>): Promise<T> => {
  const begun = now()
  let stop = () => {}
  const call = new LateSignal(() => {
    const deadline = new AbortController()
    stop = bind(deadline, limits, now() - begun)
    return deadline.signal
  })
  try {
    return await body(call)
  } finally {
    stop()
  }
}

/** Aborts the controller at the limits, of which so many milliseconds have passed. What is returned undoes that. */
const bind = (
  controller: AbortController,
  { timeout = 0, signal }: Limits,
  passed: number,
): (() => void) => {
  const cancel = () => controller.abort(signal?.reason)
  const expire = () => controller.abort(new TimeoutError(`timed out after ${timeout / 1000} s`))
  if (signal?.aborted) cancel()
  else if (timeout > 0 && passed >= timeout) expire()
  const timer = timeout > 0 ? setLongTimeout(expire, Math.ceil(timeout - passed)) : undefined
  signal?.addEventListener('abort', cancel, { once: true })
  return () => {
    timer?.clear()
    signal?.removeEventListener('abort', cancel)
  }
}
