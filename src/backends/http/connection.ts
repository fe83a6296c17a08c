import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { AgentOptions } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import type { ServerAddress } from './address.ts'

/** So many calls are under way at once; the next ones wait for a connection. */
const CONNECTIONS = 16

/** What a server, or something before it, answered. */
export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Message {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: string
  /** Called before the first byte can have left: without it, the server has seen nothing. */
  readonly sent?: () => void
}

/** What node:http and node:https have in common. */
interface Transport {
  readonly request: typeof import('node:http').request
  readonly Agent: new (options: AgentOptions) => Agent
}

/** The connections to one server: a bounded pool for calls, and one of its own for each stream. */
export class Connection {
  readonly #transport: Transport
  readonly #address: ServerAddress
  readonly #calls: Agent
  readonly #streams: Agent

  private constructor(transport: Transport, address: ServerAddress) {
    this.#transport = transport
    this.#address = address
    const limits = { keepAlive: true, maxSockets: CONNECTIONS }
    this.#calls = new transport.Agent({ ...limits, ...address.tls })
    this.#streams = new transport.Agent({ ...address.tls })
  }

  static async to(address: ServerAddress): Promise<Connection> {
    const transport: Transport = await (address.tls ? import('node:https') : import('node:http'))
    return new Connection(transport, address)
  }

  /** One request and its whole answer. Rejects with whatever node:http says; the signal gives it up. */
  async exchange(message: Message, signal: AbortSignal): Promise<Answer> {
    const response = await this.#request(message, this.#calls, signal)
    const body = await bodyOf(response)
    return { status: response.statusCode ?? 0, headers: response.headers, body }
  }

  /** A request whose answer is read while it comes. The signal cuts it. */
  stream(message: Message, signal: AbortSignal): Promise<IncomingMessage> {
    return this.#request(message, this.#streams, signal)
  }

  close(): void {
    this.#calls.destroy()
    this.#streams.destroy()
  }

  #request(message: Message, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const { method, path } = message
    const request = this.#transport.request({
      ...urlToHttpOptions(this.#address.url),
      ...{ method, path, agent, signal, headers: this.#headers(message.body) },
    })
    if (message.sent) this.#reportSending(request, message.sent)
    request.once('response', resolve)
    // Stays for good: an error that comes after the answer must not become an uncaught exception.
    request.on('error', reject)
    request.end(message.body)
    return promise
  }

  #headers(body: string | undefined): Record<string, string> {
    return {
      ...(this.#address.token && { authorization: `Bearer ${this.#address.token}` }),
      ...(body !== undefined && {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
      }),
    }
  }

  /** What is written to a socket that is still connecting, or shaking hands, leaves only afterwards. */
  #reportSending(request: ClientRequest, sent: () => void): void {
    request.once('socket', (socket) => {
      if (socket.connecting) socket.once(this.#address.tls ? 'secureConnect' : 'connect', sent)
      else sent()
    })
  }
}

const bodyOf = async (response: IncomingMessage): Promise<string> => {
  response.setEncoding('utf8')
  let body = ''
  for await (const chunk of response) body += chunk
  return body
}
