import type { IncomingMessage } from 'node:http'
import { isNoHttp } from '../../../base/reason.ts'
import { type HttpClient, linesOf, readResponse } from '../../network/http-client.ts'
import type { HttpResponse } from '../../network/http-message.ts'
import { isIndeterminateStatus } from '../../network/http-status.ts'
import { Code, foreignResponse, NoGatewayError } from '../failure.ts'
import { encode, type Json } from './json.ts'

/** An error that the server reported instead of carrying out the request. */
class GatewayError extends Error {
  override readonly name = 'GatewayError'
  /** gRPC's status code. */
  readonly code: number
  readonly details: string

  constructor({ code, message = '' }: Status) {
    super(message)
    this.code = code
    this.details = message
  }
}

interface Status {
  readonly code: number
  readonly message?: string
}

/** A call of one of etcd's methods, such as `kv/range`. */
export interface Call {
  readonly method: string
  readonly request: object
  readonly headers: Readonly<Record<string, string>>
  /** The call does not wait for a connection behind other calls. */
  readonly urgent?: boolean
}

const messageOf = ({ method, request, headers, urgent = false }: Call) =>
  ({ method: 'POST', path: `/v3/${method}`, headers, body: encode(request), urgent }) as const

/** Sends one request and reads its answer. */
export const call = async <T>(client: HttpClient, what: Call, signal: AbortSignal) =>
  read<Json<T>>(await exchange(client, what, signal))

/** Sends one request and yields its answers as they arrive. Ends only by a failure. */
export async function* stream<T>(
  client: HttpClient,
  what: Call,
  signal: AbortSignal,
): AsyncGenerator<Json<T>, never> {
  const response = await client.stream(messageOf(what), signal)
  if (response.statusCode !== 200) read(await readResponse(response))
  yield* resultsOf<T>(response)
  throw new Error('the server ended the stream')
}

/** Sends one request to a method that may give many answers, and reads the first answer. */
export const first = async <T>(client: HttpClient, what: Call, signal: AbortSignal) => {
  const response = await exchange(client, what, signal)
  if (response.status !== 200) return read<Json<T>>(response)
  const [line = ''] = response.body.split('\n')
  return resultOf<T>(line)
}

/** A port that speaks only gRPC answers with frames of HTTP/2, which are not HTTP/1.1. */
const exchange = async (
  client: HttpClient,
  what: Call,
  signal: AbortSignal,
): Promise<HttpResponse> => {
  try {
    return await client.exchange(messageOf(what), signal)
  } catch (error) {
    if (isNoHttp(error)) throw new NoGatewayError('the answer is not HTTP/1.1', { cause: error })
    throw error
  }
}

async function* resultsOf<T>(response: IncomingMessage): AsyncGenerator<Json<T>> {
  for await (const line of linesOf(response)) yield resultOf(line)
}

const resultOf = <T>(line: string): Json<T> => {
  const { result, error } = parse(line) as { result?: Json<T>; error?: Refusal }
  if (result !== undefined) return result
  throw refusal(error) ?? new NoGatewayError('an answer has no result')
}

const read = <T>({ status, body }: Pick<HttpResponse, 'status' | 'body'>): T => {
  if (status === 200) return parse(body) as T
  const answer = parsed(body) as (Refusal & { error?: Refusal | string }) | undefined
  // For a method that gives many answers, the error is inside one of the answers.
  const { error } = answer ?? {}
  throw refusal(answer) ?? refusal(error) ?? notFromGateway(status)
}

/**
 * The error for an answer that came from a proxy. If the proxy may have given up on an etcd that still carries out the
 * request, the error is neither a refusal nor a NoGatewayError: after a NoGatewayError the request is sent by other
 * means.
 */
const notFromGateway = (status: number): Error => {
  const message = foreignResponse(status)
  if (status === 429) return new GatewayError({ code: Code.resourceExhausted, message })
  if (status === 401 || status === 403)
    return new GatewayError({ code: Code.permissionDenied, message })
  return isIndeterminateStatus(status) ? new Error(message) : new NoGatewayError(message)
}

/** Old gateways call the field `grpc_code` in a stream. */
type Refusal = Partial<Status> & { readonly grpc_code?: number }

const refusal = (answer: Refusal | string | undefined): GatewayError | undefined => {
  if (!answer || typeof answer !== 'object') return undefined
  const { code, grpc_code, message } = answer
  const status = grpc_code ?? code
  return status === undefined ? undefined : new GatewayError({ code: status, message })
}

/** A text that is not JSON does not come from the gateway. */
const parse = (text: string): object => {
  const answer = parsed(text)
  if (answer) return answer
  throw new NoGatewayError('the answer is not from an etcd gateway')
}

const parsed = (text: string): object | undefined => {
  try {
    const value = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
