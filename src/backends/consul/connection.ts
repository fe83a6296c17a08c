import { EventEmitter } from 'node:events'
import { Agent as PlainAgent } from 'node:http'
import { Agent as TlsAgent } from 'node:https'
import { CoordinationError, UnavailableError } from '../../errors.ts'
import type { CallOptions } from '../backend.ts'
import { withinLimit } from '../call.ts'
import { isFull } from '../http-client.ts'
import type { Client, ClientOptions, Context, Options } from './client.ts'
import { Failure } from './failure.ts'
import type { Location } from './location.ts'

/** Consul resets further ones beyond 200 for each client address, which many processes may share. */
const CALL_SOCKETS = 8
const WAIT_SOCKETS = 40

export interface ConsulCall extends CallOptions {
  /** It does not wait for a connection behind other calls. */
  readonly urgent?: boolean
}

type Ask<T> = (client: Client, options: Options) => Promise<T>

/**
 * Calls to one Consul agent. Each ends within its limit whatever the client library does: its cancelling can report
 * twice, and a reply that was cut reports nothing.
 */
export class Connection {
  readonly address: string
  /** Milliseconds for one call. */
  readonly limit: number
  readonly #calls: Client
  readonly #waits: Client
  readonly #agents: readonly PlainAgent[]
  readonly #running = new Set<Context>()
  #closed = false

  constructor(Library: new (options: ClientOptions) => unknown, location: Location, limit: number) {
    this.address = location.address
    this.limit = limit
    // Blocking queries have sockets of their own, or calls would queue behind them.
    const agents = [agentOf(location, CALL_SOCKETS), agentOf(location, WAIT_SOCKETS)] as const
    const [calls, waits] = agents.map((agent) => new Library(optionsOf(location, agent)) as Client)
    this.#calls = calls as Client
    this.#waits = waits as Client
    this.#agents = agents
  }

  /** One call. Rejects with Failure, with UnavailableError where the limit passes, or with the signal's reason. */
  call<T>({ signal, urgent = false }: ConsulCall, ask: Ask<T>): Promise<T> {
    const [calls] = this.#agents
    const client = urgent && calls && isFull(calls) ? this.#waits : this.#calls
    return this.#within(signal, this.limit, client, ask)
  }

  /** A blocking query that the server may hold for `length` milliseconds. */
  wait<T>(signal: AbortSignal, length: number, ask: Ask<T>): Promise<T> {
    // The server adds up to a sixteenth.
    const limit = length + length / 16 + this.limit
    return this.#within(signal, limit, this.#waits, ask)
  }

  /** @throws UnavailableError it was closed. */
  requireOpen(): void {
    if (this.#closed) throw this.#closedError()
  }

  /** Ends the calls that run; they and later ones reject with UnavailableError. */
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
    const ctx: Context = Object.assign(new EventEmitter(), { includeResponse: true as const })
    this.#running.add(ctx)
    try {
      return await withinLimit({ signal }, limit, this.address, (ending) => {
        ending.addEventListener('abort', () => ctx.emit('cancel'), { once: true })
        return this.#ask(client, { ctx, timeout: limit }, ask)
      })
    } finally {
      this.#running.delete(ctx)
    }
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

const agentOf = ({ secure, host, tls }: Location, maxSockets: number): PlainAgent => {
  // The library hands an IPv6 address on in the URL's brackets, which no resolver knows.
  const literal = /^\[(.*)\]$/.exec(host)?.[1]
  const options = { keepAlive: true, maxSockets, ...(literal && { host: literal }) }
  return secure ? new TlsAgent({ ...options, ...tls }) : new PlainAgent(options)
}

const optionsOf = (location: Location, agent: PlainAgent): ClientOptions => ({
  host: location.host,
  port: location.port,
  secure: location.secure,
  agent,
  headers: location.namespace ? { 'x-consul-namespace': location.namespace } : {},
  defaults: { token: location.token, dc: location.datacenter },
})
