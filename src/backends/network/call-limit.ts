import { untilAborted } from '../../base/abort.ts'
import { UnavailableError } from '../../base/errors.ts'
import type { CallOptions } from '../backend.ts'

/** The default limit of a single call to a store, in milliseconds. */
export const CALL_LIMIT = 5_000

/**
 * Runs one call to a store within a limit (milliseconds), even if `body` ignores its signal. Rejects with the caller's
 * reason when the caller cancels, and with UnavailableError when the limit passes.
 */
export const withinLimit = async <T>(
  { signal }: CallOptions,
  limit: number,
  address: string,
  body: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  signal?.throwIfAborted()
  const ending = new AbortController()
  const cancel = () => ending.abort(signal?.reason)
  // An earlier part of the same call may have used up the whole limit.
  const timer = setTimeout(() => ending.abort(silence(address, limit)), Math.max(0, limit))
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    return await untilAborted(ending.signal, body(ending.signal))
  } catch (error) {
    ending.signal.throwIfAborted()
    throw error
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', cancel)
  }
}

const silence = (address: string, limit: number): UnavailableError =>
  new UnavailableError(`${address} does not answer within ${limit / 1000} s`)
