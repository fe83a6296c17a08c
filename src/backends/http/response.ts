import { UnavailableError } from '../../base/errors.ts'
import { describeFailure, isTlsProblem, tlsHint } from '../../base/reason.ts'
import type { HttpResponse } from '../network/http-message.ts'
import { isIndeterminateStatus as leavesOpenByStatus } from '../network/http-status.ts'
import { EPOCH_HEADER, type WireError } from './protocol.ts'
import { errorFromWire } from './wire-error.ts'

/** A parsed body that is known to come from a rendezvous server. */
type ResponseBody = { readonly ok: true } | WireError

/** Parses the body of an answer; `undefined` if the answer does not come from a rendezvous server. */
const bodyOf = ({ headers, body }: HttpResponse): ResponseBody | undefined => {
  if (headers[EPOCH_HEADER] === undefined) return undefined
  try {
    const reply = JSON.parse(body)
    return typeof reply?.ok === 'boolean' ? reply : undefined
  } catch {
    return undefined
  }
}

/** The server that was asked, for error messages. */
export interface ServerIdentity {
  readonly address: string
  /** The variable from which the sent token comes. Absent: no token was sent. */
  readonly tokenFrom?: string | undefined
}

/**
 * Returns the body of a successful answer.
 * @throws the error that the server reported.
 * @throws UnavailableError the server refuses access, or the answer does not come from a rendezvous server.
 */
export const parseResponse = <T>(response: HttpResponse, server: ServerIdentity): T => {
  const { address } = server
  if (response.status === 401 || response.status === 403) throw refusal(response, server)
  const reply = bodyOf(response)
  if (!reply) throw notRendezvous(response.status, address)
  if (!reply.ok) throw errorFromWire(reply, address)
  return reply as T
}

/**
 * Whether the answer leaves open whether the request was carried out: a proxy gave up on the server, or the server
 * failed while it handled the request.
 */
export const isIndeterminate = (response: HttpResponse): boolean => {
  const reply = bodyOf(response)
  if (reply) return !reply.ok && reply.kind === 'internal'
  return response.status < 400 || leavesOpenByStatus(response.status)
}

const refusal = (
  response: HttpResponse,
  { address, tokenFrom }: ServerIdentity,
): UnavailableError => {
  const unknown = tokenFrom
    ? `${address} rejects the token of ${tokenFrom}: set it to a token of the server`
    : `${address} requires a token: set RDV_TOKEN or RDV_TOKEN_FILE to a token of the server`
  const reply = bodyOf(response)
  const why = reply && !reply.ok ? `: ${reply.error}` : ' (403)'
  return new UnavailableError(
    response.status === 401 ? unknown : `${address} refuses the request${why}`,
    {
      retryable: false,
    },
  )
}

/** A proxy whose server is down answers with 502 to 504. This condition may pass. */
const notRendezvous = (status: number, address: string): UnavailableError =>
  new UnavailableError(`${address} is not a rendezvous server, it answers with status ${status}`, {
    retryable: leavesOpenByStatus(status) || status === 429,
  })

/**
 * Converts an error of node:http, and keeps an UnavailableError. `proven`: the server has answered before, so a
 * certificate that does not verify counts as one that is being replaced.
 */
export const unreachable = (cause: unknown, address: string, proven = false): UnavailableError =>
  cause instanceof UnavailableError
    ? cause
    : new UnavailableError(
        `${address} is unreachable: ${describeFailure(cause)}${proven ? '' : tlsHint(address, cause)}`,
        { cause, retryable: proven || !isTlsProblem(cause) },
      )
