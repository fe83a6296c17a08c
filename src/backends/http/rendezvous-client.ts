import type { IncomingMessage } from 'node:http'
import { CoordinationError, IndeterminateError, UnavailableError } from '../../base/errors.ts'
import type { CallOptions } from '../backend.ts'
import { CALL_LIMIT, withinLimit } from '../network/call-limit.ts'
import { HttpClient, readResponse } from '../network/http-client.ts'
import type { HttpRequest, HttpResponse } from '../network/http-message.ts'
import { Reachability } from '../network/reachability.ts'
import type { ServerAddress } from './address.ts'
import { readGreeting } from './greeting.ts'
import {
  BASE,
  EPOCH_HEADER,
  type Greeting,
  type Operation,
  type Replies,
  type Requests,
} from './protocol.ts'
import { isIndeterminate, parseResponse, unreachable } from './response.ts'

/** The operations of a server, as calls that end within a limit. */
export class RendezvousClient {
  /** `http://h:8080` */
  readonly address: string
  /** The variable that the token comes from, if there is a token. */
  readonly tokenFrom: string | undefined
  /** Milliseconds after which a single call is given up. */
  readonly callLimit: number
  readonly #client: HttpClient
  readonly #token: ServerAddress['token']
  readonly #reachability = new Reachability()
  /** The open streams, each with the epoch of its store. */
  readonly #streams = new Map<IncomingMessage, string | undefined>()
  #closed = false
  /** Whether the server has ever answered. */
  #proven = false

  constructor(server: ServerAddress, callLimit = CALL_LIMIT) {
    const { origin, token, tokenFrom } = server
    this.address = origin
    this.tokenFrom = tokenFrom
    this.callLimit = callLimit
    this.#client = new HttpClient(server)
    this.#token = token
  }

  get #headers(): Readonly<Record<string, string>> {
    // Otherwise bun would send its own name.
    const headers = { 'user-agent': 'rdv' }
    return this.#token ? { ...headers, authorization: `Bearer ${this.#token()}` } : headers
  }

  greet(options: CallOptions = {}): Promise<Greeting> {
    return this.#within(options, (signal) => this.#greet(signal))
  }

  /** For operations that may be sent again: a call that got no answer does no harm. */
  call<K extends Operation>(
    operation: K,
    body: Requests[K],
    options: CallOptions = {},
  ): Promise<Replies[K]> {
    return this.#within(options, async (signal) => {
      // A client with many calls in progress must not lose its lease because a renewal waits behind them.
      const message = { ...operationRequest(operation, body), urgent: operation === 'renew' }
      const response = await this.#exchange(message, signal)
      return parseResponse<Replies[K]>(response, this)
    })
  }

  /**
   * For operations that must not be applied twice. The request is sent once, and only shortly after the server has
   * answered something.
   * @throws IndeterminateError the request was sent, and its outcome is unknown.
   */
  async callOnce<K extends Operation>(
    operation: K,
    body: Requests[K],
    options: CallOptions = {},
  ): Promise<Replies[K]> {
    const response = await this.#sendOnce(operationRequest(operation, body), options)
    if (isIndeterminate(response))
      throw this.#indeterminate(`answers with status ${response.status}`)
    return parseResponse<Replies[K]>(response, this)
  }

  /**
   * Sends a GET, or a POST if there is a body, and returns the answer, which the caller reads while it arrives. The
   * stream breaks when the signal aborts, or when another answer shows that the server now has another store.
   * @throws CoordinationError the server refuses the request, or is unreachable.
   */
  stream(path: string, signal: AbortSignal, body?: object): Promise<IncomingMessage> {
    return this.#within({ signal }, async (limited) => {
      const either = AbortSignal.any([signal, limited])
      const message = { ...streamRequest(path, body), headers: this.#headers }
      const response = await this.#client.stream(message, either)
      if (response.statusCode !== 200) throw await this.#errorOf(response)
      this.#streams.set(response, this.#checkEpoch(response.headers))
      response.once('close', () => this.#streams.delete(response))
      return response
    })
  }

  close(): void {
    this.#closed = true
    this.#client.close()
  }

  async #sendOnce(request: HttpRequest, options: CallOptions): Promise<HttpResponse> {
    let sent = false
    try {
      return await this.#within(options, async (signal) => {
        await this.#reachability.prove(() => this.#greet(signal))
        return this.#exchange({ ...request, onSent: () => (sent = true) }, signal)
      })
    } catch (cause) {
      throw sent ? this.#indeterminate('gave no answer', cause) : cause
    }
  }

  async #greet(signal: AbortSignal): Promise<Greeting> {
    return readGreeting(await this.#exchange({ method: 'GET', path: BASE }, signal), this)
  }

  async #exchange(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    try {
      const response = await this.#client.exchange({ ...request, headers: this.#headers }, signal)
      this.#checkEpoch(response.headers)
      this.#reachability.answered()
      this.#proven = true
      return response
    } catch (error) {
      this.#reachability.failed()
      throw error
    }
  }

  async #within<T>(options: CallOptions, body: (signal: AbortSignal) => Promise<T>): Promise<T> {
    if (this.#closed) throw new UnavailableError(`${this.address} is closed`, { retryable: false })
    try {
      return await withinLimit(options, this.callLimit, this.address, body)
    } catch (error) {
      if (error instanceof CoordinationError) throw error
      options.signal?.throwIfAborted()
      throw unreachable(error, this.address, this.#proven)
    }
  }

  /** If the server was restarted with another store, older streams do not belong to this store and are closed. */
  #checkEpoch(headers: IncomingMessage['headers']): string | undefined {
    const epoch = headers[EPOCH_HEADER]?.toString()
    if (epoch === undefined) return undefined
    for (const [response, other] of this.#streams) {
      if (other !== epoch) response.destroy(this.#storeReplaced())
    }
    return epoch
  }

  async #errorOf(response: IncomingMessage): Promise<unknown> {
    const answer = await readResponse(response)
    try {
      return parseResponse(answer, this)
    } catch (error) {
      return error
    }
  }

  #storeReplaced(): UnavailableError {
    return new UnavailableError(`the store of ${this.address} was replaced`)
  }

  #indeterminate(what: string, cause?: unknown): IndeterminateError {
    return new IndeterminateError(
      `${this.address} ${what} to a write: it may or may not have been applied`,
      { cause },
    )
  }
}

const streamRequest = (path: string, body: object | undefined): HttpRequest =>
  body
    ? { method: 'POST', path: BASE + path, body: JSON.stringify(body) }
    : { method: 'GET', path: BASE + path }

const operationRequest = <K extends Operation>(operation: K, body: Requests[K]): HttpRequest => ({
  method: 'POST',
  path: `${BASE}/${operation}`,
  body: JSON.stringify(body),
})
