import type { CallOptions } from '../../backends/backend.ts'
import { backoff } from '../../base/backoff.ts'
import { SilentStoreError, TimeoutError, UnavailableError } from '../../base/errors.ts'
import { beginSilence, explainSilence } from '../../base/outage.ts'
import { signalAfter } from './deadline.ts'

/** Repeats `attempt` with pauses until it returns a result. @throws the reason of the call's signal, which also ends a pause. */
export const retry = async <T>(
  call: CallOptions,
  attempt: () => Promise<T | undefined>,
): Promise<T> => {
  const pauses = backoff()
  for (;;) {
    const result = await attempt()
    if (result !== undefined) return result
    await pauses.next().value(call.signal)
    call.signal?.throwIfAborted()
  }
}

/**
 * Repeats a call while the store is unreachable, until the signal aborts. Then it rejects with the last failure of the store, or
 * with the signal's reason if that is an interrupt. For calls that write nothing when they fail. A call that continues after
 * the store has answered calls `answered`.
 */
export const retryUntilAvailable = async <T>(
  options: CallOptions,
  call: (answered: () => void) => Promise<T>,
): Promise<T> => {
  let silence = beginSilence()
  const answered = () => {
    silence?.answered()
    silence = undefined
  }
  let last: UnavailableError | undefined
  const pauses = backoff()
  try {
    for (;;) {
      try {
        const result = await call(answered)
        answered()
        return result
      } catch (error) {
        last = requireTransient(error, options, last)
      }
      silence ??= beginSilence()
      const { message } = last
      if (!(last instanceof SilentStoreError)) explainSilence(() => message)
      const { signal } = options
      await pauses.next().value(signal)
      if (signal?.aborted) throw atDeadline(signal.reason, last)
    }
  } finally {
    silence?.end()
  }
}

/** The error, if another attempt may help. @throws any other error, or the one that ends the call. */
const requireTransient = (
  error: unknown,
  { signal }: CallOptions,
  last: UnavailableError | undefined,
): UnavailableError => {
  if (signal?.aborted && error === signal.reason) throw atDeadline(error, last)
  if (error instanceof UnavailableError && error.retryable) return error
  throw error
}

/** Milliseconds that a failed call may take to undo its writes: its deadline may have passed. */
const CLEANUP_LIMIT = 500

/** Bounds the cleanup after a failed call. If the cleanup fails, the TTL removes what the call wrote. */
export const cleanupSignal = (signal?: AbortSignal): AbortSignal =>
  signalAfter(signal?.reason, CLEANUP_LIMIT)

/** The error of a call that the deadline ended without an answer: the store was unreachable. */
export const atDeadline = (reason: unknown, last?: UnavailableError): unknown =>
  reason instanceof TimeoutError ? (last ?? new SilentStoreError({ cause: reason })) : reason
