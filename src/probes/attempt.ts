import { reasonFor } from '../reason.ts'
import type { Finding } from './probe.ts'

/** It is there and answers. */
export const up: Finding = { up: true }

/** Not yet, because of `reason`. */
export const down = (reason: string): Finding => ({ up: false, reason })

/** Settles as `work` does, or rejects with the signal's reason as soon as it aborts, whatever `work` does then. */
export const untilAborted = async <T>(signal: AbortSignal, work: Promise<T>): Promise<T> => {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) abort()
  try {
    return await Promise.race([aborted, work])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * Runs the body of one look: an error that means "not yet" becomes a finding.
 * @throws the signal's reason once it aborts, and every other error.
 */
export const attempt = async (
  signal: AbortSignal,
  look: () => Promise<Finding>,
): Promise<Finding> => {
  signal.throwIfAborted()
  try {
    return await untilAborted(signal, look())
  } catch (error) {
    signal.throwIfAborted()
    const reason = reasonFor(error)
    if (reason === undefined) throw error
    return down(reason)
  }
}
