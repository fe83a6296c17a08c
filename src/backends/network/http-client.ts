import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import type { AgentOptions, Agent as TlsAgent } from 'node:https'
import { urlToHttpOptions } from 'node:url'
import { codeOf, isNoHttp } from '../../base/reason.ts'
import { canFetch, fetchResponse } from './bun-fetch.ts'
import type { Endpoint, HttpRequest, HttpResponse } from './http-message.ts'
import type { TlsMaterial } from './tls-files.ts'

/** So many calls are under way at once; the next ones wait for a connection. */
const MAX_CONNECTIONS = 16

/** What node:http and node:https have in common. */
interface Transport {
  readonly request: typeof import('node:http').request
  readonly Agent: new (options: AgentOptions) => Agent
}

interface Pools {
  readonly request: Transport['request']
  readonly calls: Agent
  readonly streams: Agent
}

/** The connections to one server: a bounded pool for calls, and one of its own for each stream. */
export class HttpClient {
  readonly #place: Endpoint
  readonly #target: ReturnType<typeof urlToHttpOptions>
  #pools: Promise<Pools> | undefined
  #calls: Agent | undefined
  /** Calls that are under way by `fetch`, and whether the last one of them was answered. */
  #fetching = 0
  #fetched = false

  constructor(place: Endpoint) {
    this.#place = place
    this.#target = urlToHttpOptions(place.url)
  }

  /** Whether a connection for calls is open, or where each call has its own, whether the last one was answered. */
  get connected(): boolean {
    const { sockets = {}, freeSockets = {} } = this.#calls ?? {}
    const all = [...Object.values(freeSockets), ...Object.values(sockets)].flat()
    const open = all.some((socket) => socket && !socket.connecting && !socket.destroyed)
    return open || this.#fetched
  }

  /** One request and its whole answer. Rejects with whatever node:http says; the signal gives it up. */
  async exchange(message: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    const { urgent = false } = message
    const hasRoom = urgent || this.#fetching < MAX_CONNECTIONS
    if (canFetch(this.#place) && hasRoom) return this.#fetch(message, signal)
    const { request, calls, streams } = await this.#open()
    const agent = urgent && isFull(calls) ? streams : calls
    return readResponse(await this.#request(request, message, agent, signal))
  }

  /** A request whose answer is read while it comes. The signal cuts it. */
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
   * Of a server that speaks no HTTP/1.1 `fetch` may see only the end of the connection: then node:http tells. It asks for
   * nothing, since another server may have done what it was asked before.
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

  /** Loads no TLS where none is spoken, and nothing where nothing is asked. */
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
    // Stays for good: an error that comes after the answer must not become an uncaught exception.
    request.on('error', reject)
    request.end(body)
    return promise
  }

  /** As node:http does it where it is given the signal, and without what that loads and compiles. */
  #cutOff(request: ClientRequest, signal: AbortSignal): void {
    const cut = () => {
      request.destroy(signal.reason)
      if (this.#calls) dropIdle(this.#calls)
    }
    if (signal.aborted) cut()
    signal.addEventListener('abort', cut, { once: true })
    request.once('close', () => signal.removeEventListener('abort', cut))
  }

  /** What is written to a socket that is still connecting, or shaking hands, leaves only afterwards. */
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

/** What an agent's next connections present. It keeps connections apart by that: those of before are not used again. */
export const reloadTls = (agent: Agent, tls: TlsMaterial | undefined): void => {
  if (tls) Object.assign((agent as TlsAgent).options, tls)
}

/** Whether a further call on it waits for a connection. */
export const isFull = ({ sockets, maxSockets }: Agent): boolean =>
  Object.values(sockets).flat().length >= maxSockets

/**
 * Closes the connections that are kept for later calls: where one call was given up for want of an answer, they may be dead
 * too, and each of them would cost another call its limit.
 */
export const dropIdle = ({ freeSockets }: Agent): void => {
  for (const socket of Object.values(freeSockets).flat()) socket?.destroy()
}

/** The rest of an answer that has begun. */
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
  // Only where there was neither an end nor an error.
  response.once('close', () => reject(new Error('the answer is incomplete')))
  return promise
}

/** The lines of an answer, as they come; `heard` is called whenever anything came. */
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
