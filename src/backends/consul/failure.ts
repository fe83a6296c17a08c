import type { IncomingMessage } from 'node:http'
import { CoordinationError, UnavailableError, UsageError } from '../../errors.ts'
import { describeFailure, isTlsProblem } from '../../reason.ts'

/** Consul's answer when it is not what was asked for; `status` is 0 where there was no whole answer. */
export class Failure extends Error {
  readonly status: number
  /** The decoded body, if there was one. */
  readonly body: unknown

  constructor(error: unknown) {
    const response = (error as { response?: IncomingMessage & { body?: unknown } }).response
    // The library's error holds the request, and with it the token: it must not become anybody's cause.
    super(
      response
        ? `${response.statusCode} ${sentence(response.body)}`.trim()
        : describeFailure(error),
      response ? undefined : { cause: error },
    )
    this.name = 'Failure'
    this.status = response?.statusCode ?? 0
    this.body = response?.body
  }
}

const sentence = (body: unknown): string =>
  typeof body === 'string' || Buffer.isBuffer(body) ? String(body).trim().slice(0, 200) : ''

/** What a failure of a call that wrote nothing means to the caller. */
export const translate = (error: unknown, address: string): CoordinationError => {
  if (error instanceof CoordinationError) return error
  const failure = error instanceof Failure ? error : new Failure(error)
  const message = `${address} ${verb(failure.status)}: ${failure.message}`
  if (failure.status === 400 || failure.status === 413) {
    return new UsageError(message, { cause: failure })
  }
  return new UnavailableError(message, { cause: failure, retryable: !isHopeless(failure) })
}

const verb = (status: number): string => {
  if (status === 0) return 'is out of reach'
  if (status === 401 || status === 403) return 'refuses us (is the ACL token right?)'
  if (status === 400 || status === 413) return 'does not take the request'
  return 'fails'
}

/** A token without permission and a certificate that does not verify stay so. */
const isHopeless = ({ status, cause }: Failure): boolean =>
  status === 401 || status === 403 || isTlsProblem(cause)
