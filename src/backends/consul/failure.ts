import type { IncomingMessage } from 'node:http'
import { CoordinationError, UnavailableError, UsageError } from '../../base/errors.ts'
import { describeFailure, isTlsProblem, tlsHint } from '../../base/reason.ts'
import { oneLine } from '../network/http-status.ts'

/** An answer of Consul that is not the expected one. `status` is 0 if there was no complete answer. */
export class Failure extends Error {
  readonly status: number
  /** The decoded body, if there was one. */
  readonly body: unknown
  readonly headers: IncomingMessage['headers']

  constructor(error: unknown) {
    const response = (error as { response?: IncomingMessage & { body?: unknown } }).response
    // The library's error holds the request, and with it the token, so it must not become the cause of another error.
    super(
      response ? `${response.statusCode} ${textOf(response.body)}`.trim() : describeFailure(error),
      response ? undefined : { cause: error },
    )
    this.name = 'Failure'
    this.status = response?.statusCode ?? 0
    this.body = response?.body
    this.headers = response?.headers ?? {}
  }
}

const textOf = (body: unknown): string =>
  typeof body === 'string' || Buffer.isBuffer(body) ? oneLine(String(body)) : ''

/**
 * Converts a failure of a call that wrote nothing. `right`: the ACL permission that the call needs, as Consul's
 * policies name it. `proven`: the agent has answered before.
 */
export const translate = (
  error: unknown,
  address: string,
  right: string,
  proven = false,
): CoordinationError => {
  if (error instanceof CoordinationError) return error
  const failure = error instanceof Failure ? error : new Failure(error)
  const hint = proven ? '' : tlsHint(address, failure.cause)
  const message = `${address} ${verb(failure, right)}: ${failure.message}${hint}`
  if (failure.status === 400 || failure.status === 413) {
    return new UsageError(message, { cause: failure })
  }
  return new UnavailableError(message, { cause: failure, retryable: !isHopeless(failure, proven) })
}

const verb = ({ status, cause }: Failure, right: string): string => {
  if (status === 0) return isReset(cause) ? RESET : 'is unreachable'
  if (status === 401 || status === 403) return `refuses the request (the ACL token needs ${right})`
  if (status === 400 || status === 413) return 'rejects the request'
  if (status === 429) return 'limits the rate of requests'
  return 'fails'
}

const isReset = (cause: unknown): boolean =>
  (cause as NodeJS.ErrnoException | null)?.code === 'ECONNRESET'

/** Consul resets further connections of a client address without an explanation. */
const RESET = 'is unreachable, or its limit http_max_conns_per_client is reached'

/** A token without permission stays so, and so does a certificate that has never verified. */
const isHopeless = ({ status, cause }: Failure, proven: boolean): boolean =>
  status === 401 || status === 403 || (!proven && isTlsProblem(cause))
