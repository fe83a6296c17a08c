import { describe, UnavailableError } from '../../errors.ts'
import type { Answer } from './connection.ts'
import { EPOCH_HEADER, type WireError } from './protocol.ts'
import { errorFromWire } from './wire-error.ts'

/** A parsed body, once it is known to come from a rendezvous server. */
type Reply = { readonly ok: true } | WireError

/** What the server answered, without `ok`; `undefined` if the answer is not a rendezvous server's. */
const replyOf = ({ headers, body }: Answer): Reply | undefined => {
  if (headers[EPOCH_HEADER] === undefined) return undefined
  try {
    const reply = JSON.parse(body)
    return typeof reply?.ok === 'boolean' ? reply : undefined
  } catch {
    return undefined
  }
}

/**
 * The body of a success.
 * @throws the server's error as it has it; UnavailableError where the answer is not a rendezvous server's.
 */
export const readAnswer = <T>(answer: Answer, address: string): T => {
  if (answer.status === 401 || answer.status === 403) throw refusal(answer, address)
  const reply = replyOf(answer)
  if (!reply) throw foreign(answer.status, address)
  if (!reply.ok) throw errorFromWire(reply, address)
  return reply as T
}

/**
 * Whether the answer leaves open if the request was carried out: somebody in between gave up on the server, or the
 * server failed in the middle.
 */
export const leavesOpen = (answer: Answer): boolean => {
  const reply = replyOf(answer)
  if (reply) return !reply.ok && reply.kind === 'internal'
  return answer.status < 400 || answer.status >= 500 || answer.status === 408
}

const refusal = ({ status }: Answer, address: string): UnavailableError =>
  new UnavailableError(
    status === 401
      ? `${address} wants a token: set RDV_TOKEN or RDV_TOKEN_FILE to the server's`
      : `${address} refuses us (403)`,
    { retryable: false },
  )

/** A proxy whose server is down answers 502 to 504, and that passes. */
const foreign = (status: number, address: string): UnavailableError =>
  new UnavailableError(
    `${address} answers, with status ${status}, but not as a rendezvous server`,
    {
      retryable: status >= 500,
    },
  )

/** What node:http said, where it is no sentence of ours yet. */
export const unreachable = (cause: unknown, address: string): UnavailableError =>
  cause instanceof UnavailableError
    ? cause
    : new UnavailableError(`${address} is out of reach: ${reasonOf(cause)}`, {
        cause,
        retryable: !isCertificateProblem(cause),
      })

const codeOf = (cause: unknown): string => {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' ? code : ''
}

const reasonOf = (cause: unknown): string => {
  const code = codeOf(cause)
  return REASONS.get(code) ?? (code || describe(cause))
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'connection refused'],
  ['ECONNRESET', 'connection cut'],
  ['EPIPE', 'connection cut'],
  ['ERR_STREAM_PREMATURE_CLOSE', 'connection cut'],
  ['ENOTFOUND', 'its name does not resolve'],
  ['EAI_AGAIN', 'its name does not resolve'],
  ['ETIMEDOUT', 'connection timed out'],
  ['EHOSTUNREACH', 'host unreachable'],
  ['ENETUNREACH', 'network unreachable'],
  ['EPROTO', 'it does not speak TLS'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'it does not speak TLS'],
])

/** Codes of OpenSSL's certificate verification and of Node's check of names. Waiting mends none of them. */
const isCertificateProblem = (cause: unknown): boolean =>
  /CERT|ISSUER|SIGNATURE|CRL/.test(codeOf(cause))
