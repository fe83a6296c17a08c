import type { IncomingMessage } from 'node:http'
import { CoordinationError, IndeterminateError, UnavailableError } from '../../errors.ts'
import type { CallOptions } from '../backend.ts'
import { CALL_LIMIT, withinLimit } from '../call.ts'
import { HttpClient, wholeAnswer } from '../http-client.ts'
import type { Answer, Message } from '../http-message.ts'
import { Reachability } from '../reachability.ts'
import type { ServerAddress } from './address.ts'
import { leavesOpen, readAnswer, unreachable } from './answer.ts'
import { readGreeting } from './greeting.ts'
import {
  BASE,
  EPOCH_HEADER,
  type Greeting,
  type Operation,
  type Replies,
  type Requests,
} from './protocol.ts'

/** The server's side of the protocol, as calls that end within a limit. */
export class Remote {
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
  ask<K extends Operation>(
    operation: K,
    body: Requests[K],
    options: CallOptions = {},
  ): Promise<Replies[K]> {
    return this.#within(options, async (signal) => {
      // Who has many calls under way must not lose what it holds for that.
      const message = { ...post(operation, body), urgent: operation === 'renew' }
      const answer = await this.#exchange(message, signal)
      return readAnswer<Replies[K]>(answer, this)
    })
  }

  /**
   * For the operation that must not be applied twice: sent once, and only shortly after the server answered something.
   * @throws IndeterminateError it was sent, and it is not known what became of it.
   */
  async askOnce<K extends Operation>(
    operation: K,
    body: Requests[K],
    options: CallOptions = {},
  ): Promise<Replies[K]> {
    const answer = await this.#sendOnce(post(operation, body), options)
    if (leavesOpen(answer)) throw this.#indeterminate(`answers with status ${answer.status}`)
    return readAnswer<Replies[K]>(answer, this)
  }

  /**
   * The answer to a GET, or with a body to a POST, read while it comes. The signal cuts it, and so does the news that the server's store is
   * another one now.
   * @throws CoordinationError the server refuses, or is out of reach.
   */
  stream(path: string, signal: AbortSignal, body?: object): Promise<IncomingMessage> {
    return this.#within({ signal }, async (limited) => {
      const either = AbortSignal.any([signal, limited])
      const message = { ...streamed(path, body), headers: this.#headers }
      const response = await this.#client.stream(message, either)
      if (response.statusCode !== 200) throw await this.#failure(response)
      this.#streams.set(response, this.#note(response.headers))
      response.once('close', () => this.#streams.delete(response))
      return response
    })
  }

  close(): void {
    this.#closed = true
    this.#client.close()
  }

  async #sendOnce(message: Message, options: CallOptions): Promise<Answer> {
    let sent = false
    try {
      return await this.#within(options, async (signal) => {
        await this.#reachability.prove(() => this.#greet(signal))
        return this.#exchange({ ...message, sent: () => (sent = true) }, signal)
      })
    } catch (cause) {
      throw sent ? this.#indeterminate('gave no answer', cause) : cause
    }
  }

  async #greet(signal: AbortSignal): Promise<Greeting> {
    return readGreeting(await this.#exchange({ method: 'GET', path: BASE }, signal), this)
  }

  async #exchange(message: Message, signal: AbortSignal): Promise<Answer> {
    try {
      const answer = await this.#client.exchange({ ...message, headers: this.#headers }, signal)
      this.#note(answer.headers)
      this.#reachability.answered()
      this.#proven = true
      return answer
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
  #note(headers: IncomingMessage['headers']): string | undefined {
    const epoch = headers[EPOCH_HEADER]?.toString()
    if (epoch === undefined) return undefined
    for (const [response, other] of this.#streams) {
      if (other !== epoch) response.destroy(this.#emptied())
    }
    return epoch
  }

  async #failure(response: IncomingMessage): Promise<unknown> {
    const answer = await wholeAnswer(response)
    try {
      return readAnswer(answer, this)
    } catch (error) {
      return error
    }
  }

  #emptied(): UnavailableError {
    return new UnavailableError(`the store of ${this.address} was replaced`)
  }

  #indeterminate(what: string, cause?: unknown): IndeterminateError {
    return new IndeterminateError(
      `${this.address} ${what} to a write: it may or may not have been applied`,
      { cause },
    )
  }
}

const streamed = (path: string, body: object | undefined): Message =>
  body
    ? { method: 'POST', path: BASE + path, body: JSON.stringify(body) }
    : { method: 'GET', path: BASE + path }

const post = <K extends Operation>(operation: K, body: Requests[K]): Message => ({
  method: 'POST',
  path: `${BASE}/${operation}`,
  body: JSON.stringify(body),
})
