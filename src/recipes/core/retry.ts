import type { CallOptions } from '../../backends/backend.ts'
import { backoff } from '../../base/backoff.ts'
import { SilentStoreError, TimeoutError, UnavailableError } from '../../base/errors.ts'
import { beginSilence, explainSilence } from '../../base/outage.ts'
import { signalAfter } from './deadline.ts'

/** Makes attempts with pauses between, until one of them gives something. Each pause ends early with the call, whose reason is then thrown. */
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
 * Does a call again while the store is out of reach, until the signal aborts; then rejects with what kept it from
 * succeeding, or with the signal's reason where that was an interrupt. For calls that write nothing when they fail.
 * A call that goes on after the store has answered says so by `answered`.
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

/** The error, where trying again may help. @throws the one to be told elsewhere. */
const requireTransient = (
  error: unknown,
  { signal }: CallOptions,
  last: UnavailableError | undefined,
): UnavailableError => {
  if (signal?.aborted && error === signal.reason) throw atDeadline(error, last)
  if (error instanceof UnavailableError && error.retryable) return error
  throw error
}

/** How long (milliseconds) a failed call may take to undo what it did: its deadline may be over already. */
const CLEANUP_LIMIT = 500

/** Bounds the undoing of what a failed call did, which its signal may have ended; the TTL does it otherwise. */
export const cleanupSignal = (signal?: AbortSignal): AbortSignal =>
  signalAfter(signal?.reason, CLEANUP_LIMIT)

/** A call that the deadline cut off had no answer: its store was out of reach. */
export const atDeadline = (reason: unknown, last?: UnavailableError): unknown =>
  reason instanceof TimeoutError ? (last ?? new SilentStoreError({ cause: reason })) : reason
