import { TimeoutError } from '../errors.ts'
import { setLongTimeout } from '../long-timer.ts'

/** When to give up. */
export interface Limits {
  /** Milliseconds; 0 or nothing is no limit. */
  readonly timeout?: number | undefined
  /** Cancels: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs `body` with a signal that aborts when the time is up (with a TimeoutError) or the caller cancels. Who can abort a
 * controller of its own hands that over, which costs less than to follow a signal.
 */
export const withDeadline = async <T>(
  { timeout = 0, signal }: Limits,
  body: (signal: AbortSignal) => Promise<T>,
  given?: AbortController,
): Promise<T> => {
  signal?.throwIfAborted()
  if (signal && timeout === 0 && !given) return body(signal)
  const ending = given ?? new AbortController()
  const cancel = () => ending.abort(signal?.reason)
  const expire = () => ending.abort(new TimeoutError(`timed out after ${timeout / 1000} s`))
  const timer = timeout > 0 ? setLongTimeout(expire, timeout) : undefined
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    return await body(ending.signal)
  } finally {
    timer?.clear()
    signal?.removeEventListener('abort', cancel)
  }
}
