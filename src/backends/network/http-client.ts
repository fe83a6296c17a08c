import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { AgentOptions, Agent as TlsAgent } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { codeOf, isNoHttp } from '../../base/reason.ts'
import { canFetch, fetchResponse } from './bun-fetch.ts'
import type { Endpoint, HttpRequest, HttpResponse } from './http-message.ts'
import type { TlsMaterial } from './tls-files.ts'

/** The number of calls that may be in progress at once. Further calls wait for a connection. */
const MAX_CONNECTIONS = 16

/** The common part of node:http and node:https. */
interface Transport {
  readonly request: typeof import('node:http').request
  readonly Agent: new (options: AgentOptions) => Agent
}

interface Pools {
  readonly request: Transport['request']
  readonly calls: Agent
  readonly streams: Agent
}

/** The connections to one server: a bounded pool for calls, and a separate connection for each stream. */
export class HttpClient {
  readonly #place: Endpoint
  readonly #target: ReturnType<typeof urlToHttpOptions>
  #pools: Promise<Pools> | undefined
  #calls: Agent | undefined
  /** The number of calls in progress by `fetch`, and whether the last one was answered. */
  #fetching = 0
  #fetched = false

  constructor(place: Endpoint) {
    this.#place = place
    this.#target = urlToHttpOptions(place.url)
  }

  /** Whether a connection for calls is open, or, if each call has its own, whether the last call was answered. */
  get connected(): boolean {
    const { sockets = {}, freeSockets = {} } = this.#calls ?? {}
    const all = [...Object.values(freeSockets), ...Object.values(sockets)].flat()
    const open = all.some((socket) => socket && !socket.connecting && !socket.destroyed)
    return open || this.#fetched
  }

  /** Sends one request and reads its whole answer. Rejects with node:http's errors. The signal cancels the request. */
  async exchange(message: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { urgent = false } = message
    const hasRoom = urgent || this.#fetching < MAX_CONNECTIONS
    if (canFetch(this.#place) && hasRoom) return this.#fetch(message, signal)
    const { request, calls, streams } = await this.#open()
    const agent = urgent && isFull(calls) ? streams : calls
    return readResponse(await this.#request(request, message, agent, signal))
  }

  /** Sends a request whose answer the caller reads while it arrives. The signal cuts the connection. */
  async stream(message: HttpRequest, signal: AbortSignal): Promise<IncomingMessage> {
    const { request, streams } = await this.#open()
    return this.#request(request, message, streams, signal)
  }

  close(): void {
    void this.#pools?.then(({ calls, streams }) => {
      calls.destroy()
      streams.destroy()
    })
  }

  async #fetch(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    this.#fetching++
    this.#fetched = false
    try {
      const response = await fetchResponse(this.#place.url, request, signal)
      this.#fetched = true
      return response
    } catch (error) {
      throw await this.#explain(error, signal)
    } finally {
      this.#fetching--
    }
  }

  /**
   * If a server does not speak HTTP/1.1, `fetch` may see only the end of the connection. A request by node:http then
   * shows the reason. It is a plain GET, because another server may already have carried out the original request.
   */
  async #explain(error: unknown, signal: AbortSignal): Promise<unknown> {
    if (codeOf(error) !== 'ECONNRESET') return error
    try {
      const { request, calls } = await this.#open()
      await readResponse(await this.#request(request, { method: 'GET', path: '/' }, calls, signal))
    } catch (other) {
      if (isNoHttp(other)) return other
    }
    return error
  }

  /** Loads TLS only for an `https` URL, and nothing before the first request that needs it. */
  #open(): Promise<Pools> {
    this.#pools ??= openPools(this.#place).then((pools) => {
      this.#calls = pools.calls
      return pools
    })
    return this.#pools
  }

  #request(
    send: Transport['request'],
    message: HttpRequest,
    agent: Agent,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    reloadTls(agent, this.#place.tls?.current)
    const { method, path, body } = message
    const request = send({
      ...this.#target,
      ...{ method, path, agent, headers: { ...message.headers, ...bodyHeaders(body) } },
    })
    this.#cutOff(request, signal)
    if (message.onSent) this.#reportSending(request, message.onSent)
    request.once('response', resolve)
    // Never removed: an error that comes after the answer must not become an uncaught exception.
    request.on('error', reject)
    request.end(body)
    return promise
  }

  /** Does what node:http does with a `signal` option, without the modules that it would load and compile for that. */
  #cutOff(request: ClientRequest, signal: AbortSignal): void {
    const cut = () => {
      request.destroy(signal.reason)
      if (this.#calls) dropIdle(this.#calls)
    }
    if (signal.aborted) cut()
    signal.addEventListener('abort', cut, { once: true })
    request.once('close', () => signal.removeEventListener('abort', cut))
  }

  /** While a socket is connecting, or in its TLS handshake, nothing that was written to it has left yet. */
  #reportSending(request: ClientRequest, sent: () => void): void {
    request.once('socket', (socket) => {
      if (socket.connecting) socket.once(this.#place.tls ? 'secureConnect' : 'connect', sent)
      else sent()
    })
  }
}

const openPools = async ({ tls }: Endpoint): Promise<Pools> => {
  const { Agent, request }: Transport = await (tls ? import('node:https') : import('node:http'))
  const calls = new Agent({ keepAlive: true, maxSockets: MAX_CONNECTIONS })
  return { request, calls, streams: new Agent({}) }
}

/**
 * Sets the TLS material for an agent's next connections. The agent distinguishes connections by it, so it does not use
 * the earlier ones again.
 */
export const reloadTls = (agent: Agent, tls: TlsMaterial | undefined): void => {
  if (tls) Object.assign((agent as TlsAgent).options, tls)
}

/** Whether a further call on this agent would wait for a connection. */
export const isFull = ({ sockets, maxSockets }: Agent): boolean =>
  Object.values(sockets).flat().length >= maxSockets

/**
 * Closes the connections that are kept for later calls. If one call was given up without an answer, they may be dead
 * too, and each of them would cost another call its limit.
 */
export const dropIdle = ({ freeSockets }: Agent): void => {
  for (const socket of Object.values(freeSockets).flat()) socket?.destroy()
}

/** Reads the rest of an answer that has begun. */
export const readResponse = (response: IncomingMessage): Promise<HttpResponse> => {
  const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>()
  let body = ''
  response.setEncoding('utf8').on('data', (chunk) => {
    body += chunk
  })
  response.once('end', () =>
    resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
  )
  response.once('error', reject)
  // Has an effect only if neither an end nor an error came before.
  response.once('close', () => reject(new Error('the answer is incomplete')))
  return promise
}

/** The lines of an answer, as they arrive. `heard` is called whenever any data arrives. */
export async function* linesOf(
  response: IncomingMessage,
  heard: () => void = () => {},
): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of response.setEncoding('utf8') as AsyncIterable<string>) {
    heard()
    rest += chunk
    if (!chunk.includes('\n')) continue
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
}

const bodyHeaders = (body: string | undefined): Record<string, string> =>
  body === undefined
    ? {}
    : {
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
      }
