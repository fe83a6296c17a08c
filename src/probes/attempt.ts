import { untilAborted } from '../base/abort.ts'
import { codeOf, reasonFor } from '../base/reason.ts'
import type { ProbeResult } from './probe.ts'

/** The target is there and answers. */
export const up: ProbeResult = { up: true }

/** The target or the system has answered that the target is not there. `reason` says why. */
export const down = (reason: string): ProbeResult => ({ up: false, reason })

/** The check could not find out whether the target is up. `reason` says why. */
export const unknown = (reason: string): ProbeResult => ({ up: false, unknown: true, reason })

/** Error codes that mean that the target is not there. Every other code leaves the state of the target unknown. */
export const refusals: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_WRONG_VERSION_NUMBER',
])

/**
 * Runs the body of one check. An error that means "not yet" becomes a result: "down" if its code is in `definite`,
 * otherwise "unknown".
 * @throws the signal's reason once the signal aborts, and every error that does not mean "not yet".
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
