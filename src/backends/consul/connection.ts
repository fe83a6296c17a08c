import { EventEmitter } from 'node:events'
import { Agent as PlainAgent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { CoordinationError, UnavailableError } from '../../base/errors.ts'
import type { CallOptions } from '../backend.ts'
import { AdaptiveTimeout, HEARTBEAT_INTERVAL } from '../network/adaptive-timeout.ts'
import { withinLimit } from '../network/call-limit.ts'
import { dropIdle, isFull, reloadTls } from '../network/http-client.ts'
import type { TlsFiles } from '../network/tls-files.ts'
import type { Client, ClientOptions, Context, Options } from './client.ts'
import { Failure } from './failure.ts'
import type { Location } from './location.ts'

/** Consul resets connections beyond 200 for each client address, which many processes may share. */
const CALL_SOCKETS = 8
const WAIT_SOCKETS = 40

export interface ConsulCall extends CallOptions {
  /** The call does not wait for a connection behind other calls. */
  readonly urgent?: boolean
}

type Ask<T> = (client: Client, options: Options) => Promise<T>
type Waiting = Options & { readonly wait: string }

/**
 * Calls to one Consul agent. Each call ends within its limit, whatever the client library does: a cancelled call of the
 * library can report twice, and a call whose answer was cut reports nothing.
 */
export class Connection {
  readonly address: string
  /** Milliseconds for one call. */
  readonly limit: number
  /** Whether the agent has ever answered. Then a certificate that does not verify counts as being replaced. */
  proven = false
  readonly #calls: Client
  readonly #waits: Client
  readonly #agents: readonly PlainAgent[]
  readonly #timeout: AdaptiveTimeout
  readonly #tls: TlsFiles | undefined
  readonly #token: Location['token']
  readonly #running = new Set<Context>()
  #closed = false

  constructor(Library: new (options: ClientOptions) => unknown, location: Location, limit: number) {
    this.address = location.address
    this.limit = limit
    this.#tls = location.tls
    this.#token = location.token
    this.#timeout = new AdaptiveTimeout(limit)
    // Blocking queries have their own sockets. Otherwise calls would queue behind them.
    const agents = [agentOf(location, CALL_SOCKETS), agentOf(location, WAIT_SOCKETS)] as const
    const [calls, waits] = agents.map((agent) => new Library(optionsOf(location, agent)) as Client)
    this.#calls = calls as Client
    this.#waits = waits as Client
    this.#agents = agents
  }

  /** Makes one call. Rejects with Failure, with UnavailableError if the limit passes, or with the signal's reason. */
  call<T>({ signal, urgent = false }: ConsulCall, ask: Ask<T>): Promise<T> {
    const [calls] = this.#agents
    const client = urgent && calls && isFull(calls) ? this.#waits : this.#calls
    return this.#timeout.measure(() => this.#within(signal, this.limit, client, ask))
  }

  /**
   * Makes a blocking query, which the server answers after `wait` at the latest. `wait` is short, so that a dead
   * connection is noticed.
   */
  wait<T>(signal: AbortSignal, ask: (client: Client, options: Waiting) => Promise<T>): Promise<T> {
    const length = Math.min(HEARTBEAT_INTERVAL, this.limit)
    // The server adds up to a sixteenth to `wait`.
    const limit = length + length / 16 + this.#timeout.limit
    const wait = `${length}ms`
    return this.#within(signal, limit, this.#waits, (client, options) =>
      ask(client, { ...options, wait }),
    )
  }

  /**
   * Makes a call that only reads. If there is no answer in time, it makes the call again on another connection: the
   * first connection may be dead, or Consul slow. The answer that arrives first counts.
   */
  async twice<T>(read: () => Promise<T>): Promise<T> {
    const first = read()
    const late = Promise.withResolvers<undefined>()
    const timer = setTimeout(() => late.resolve(undefined), this.#timeout.limit)
    try {
      const answer = await Promise.race([first.then((value) => ({ value })), late.promise])
      if (answer) return answer.value
    } finally {
      clearTimeout(timer)
    }
    for (const agent of this.#agents) dropIdle(agent)
    const second = read()
    for (const call of [first, second]) call.catch(() => {})
    return Promise.race([first, second])
  }

  /** @throws UnavailableError the connection was closed. */
  requireOpen(): void {
    if (this.#closed) throw this.#closedError()
  }

  /** Ends the calls in progress. These calls and later ones reject with UnavailableError. */
  close(): void {
    this.#closed = true
    for (const context of this.#running) context.emit('cancel')
    for (const agent of this.#agents) agent.destroy()
  }

  async #within<T>(
    signal: AbortSignal | undefined,
    limit: number,
    client: Client,
    ask: Ask<T>,
  ): Promise<T> {
    this.requireOpen()
    const tls = this.#tls?.current
    for (const agent of this.#agents) reloadTls(agent, tls)
    const ctx: Context = Object.assign(new EventEmitter(), { includeResponse: true as const })
    this.#running.add(ctx)
    try {
      const answer = await withinLimit({ signal }, limit, this.address, (ending) => {
        ending.addEventListener('abort', () => this.#cancel(ctx), { once: true })
        return this.#ask(client, { ctx, timeout: limit, token: this.#token() }, ask)
      })
      this.proven = true
      return answer
    } finally {
      this.#running.delete(ctx)
    }
  }

  #cancel(ctx: Context): void {
    ctx.emit('cancel')
    for (const agent of this.#agents) dropIdle(agent)
  }

  async #ask<T>(client: Client, options: Options, ask: Ask<T>): Promise<T> {
    try {
      return await ask(client, options)
    } catch (error) {
      if (error instanceof CoordinationError) throw error
      throw this.#closed ? this.#closedError() : new Failure(error)
    }
  }

  #closedError(): UnavailableError {
    return new UnavailableError(`${this.address} is closed`, { retryable: false })
  }
}

const agentOf = (
  { secure, host, rejectUnauthorized }: Location,
  maxSockets: number,
): PlainAgent => {
  // The library passes an IPv6 address with the URL's brackets, which no resolver understands.
  const literal = /^\[(.*)\]$/.exec(host)?.[1]
  const options = { keepAlive: true, maxSockets, ...(literal && { host: literal }) }
  return secure ? new TlsAgent({ ...options, rejectUnauthorized }) : new PlainAgent(options)
}

const optionsOf = (location: Location, agent: PlainAgent): ClientOptions => ({
  host: location.host,
  port: location.port,
  secure: location.secure,
  agent,
  headers: location.namespace ? { 'x-consul-namespace': location.namespace } : {},
  defaults: { dc: location.datacenter },
})
