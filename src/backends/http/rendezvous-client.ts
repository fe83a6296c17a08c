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

/** The server's side of the protocol, as calls that end within a limit. */
export class RendezvousClient {
  /** `http://h:8080` */
  readonly address: string
  /** The variable that the token is from, if there is one. */
  readonly tokenFrom: string | undefined
  /** Milliseconds after which a single call is given up. */
  readonly callLimit: number
  readonly #client: HttpClient
  readonly #token: ServerAddress['token']
  readonly #reachability = new Reachability()
  /** Open streams, each with the epoch of the store that it is about. */
  readonly #streams = new Map<IncomingMessage, string | undefined>()
  #closed = false
  /** Whether the server has answered ever. */
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
    // bun would name itself
    const headers = { 'user-agent': 'rdv' }
    return this.#token ? { ...headers, authorization: `Bearer ${this.#token()}` } : headers
  }

  greet(options: CallOptions = {}): Promise<Greeting> {
    return this.#within(options, (signal) => this.#greet(signal))
  }

  /** For all operations that may be sent again: what happened when no answer came matters to nobody. */
  call<K extends Operation>(
    operation: K,
    body: Requests[K],
    options: CallOptions = {},
  ): Promise<Replies[K]> {
    return this.#within(options, async (signal) => {
      // Who has many calls under way must not lose what it holds for that.
      const message = { ...operationRequest(operation, body), urgent: operation === 'renew' }
      const response = await this.#exchange(message, signal)
      return parseResponse<Replies[K]>(response, this)
    })
  }

  /**
   * For the operation that must not be applied twice: sent once, and only shortly after the server answered something.
   * @throws IndeterminateError it was sent, and it is not known what became of it.
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
   * The answer to a GET, or with a body to a POST, read while it comes. The signal cuts it, and so does the news that the server's store is
   * another one now.
   * @throws CoordinationError the server refuses, or is out of reach.
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

  /** The server was restarted with another store: what an older stream would still tell is not about this one. */
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
