import { untilAborted } from '../base/abort.ts'
import { codeOf, reasonFor } from '../base/reason.ts'
import type { ProbeResult } from './probe.ts'

/** It is there and answers. */
export const up: ProbeResult = { up: true }

/** It answered, or the system did, that it is not there: because of `reason`. */
export const down = (reason: string): ProbeResult => ({ up: false, reason })

/** Whether it is up could not be found out, because of `reason`. */
export const unknown = (reason: string): ProbeResult => ({ up: false, unknown: true, reason })

/** Codes with which the other side says that nothing of the kind is there. All others leave it open. */
export const refusals: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_WRONG_VERSION_NUMBER',
])

/**
 * Runs the body of one check: an error that means "not yet" becomes a result, "down" where its code is one of `definite`.
 * @throws the signal's reason once it aborts, and every other error.
 */
export const attempt = async (
  signal: AbortSignal,
  check: () => Promise<ProbeResult>,
  definite = refusals,
): Promise<ProbeResult> => {
  signal.throwIfAborted()
  try {
    return await untilAborted(signal, check())
  } catch (error) {
    signal.throwIfAborted()
    const reason = reasonFor(error)
    if (reason === undefined) throw error
    return definite.has(codeOf(error) ?? '') ? down(reason) : unknown(reason)
  }
}
