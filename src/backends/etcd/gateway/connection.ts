import type { IWatchCreateRequest } from 'etcd3'
import { AdaptiveTimeout } from '../../network/adaptive-timeout.ts'
import { CALL_LIMIT } from '../../network/call-limit.ts'
import { HttpClient } from '../../network/http-client.ts'
import type { Connection, ServerOptions, Services, WatchListener } from '../connection.ts'
import { Heartbeat } from '../heartbeat.ts'
import type { WatchResponse } from '../messages.ts'
import { type Token, TokenCache } from '../token.ts'
import { type Call, call, first, stream } from './exchange.ts'
import { type Json, toAlarms, toGrant, toRange, toStatus, toTxn, toWatch } from './json.ts'

/** The number of watches with an HTTP connection each. Further watches share one gRPC connection. */
const MAX_WATCHES = 16

export interface GatewayOptions extends ServerOptions {
  /** Opens a gRPC connection to the same server, for the watches that are too many for the gateway. */
  readonly overflow: () => Promise<Connection>
}

/**
 * etcd's JSON gateway (https://etcd.io/docs/v3.5/dev-guide/api_grpc_gateway/), which every server offers beside gRPC
 * unless it was turned off. It is slower for many requests, but it needs no library that takes longer to load than a
 * whole short command.
 */
export class GatewayConnection implements Connection {
  /** An HTTP connection that hangs is given up together with the call that needs it. */
  readonly connecting = false
  /** Each HTTP connection is given up on its own. */
  readonly dead = false
  /** Each new HTTP connection presents what is then in the files. */
  readonly outdated = false
  readonly #client: HttpClient
  readonly #tokens: TokenCache
  readonly #timeout = new AdaptiveTimeout(CALL_LIMIT)
  readonly #heartbeat = new Heartbeat((signal) => this.services(signal), this.#timeout)
  readonly #closing = new AbortController()
  readonly #overflow: GatewayOptions['overflow']
  #overflowing: Promise<Connection> | undefined
  #watches = 0

  constructor({ host, tls, login, overflow }: GatewayOptions) {
    const url = new URL(`${tls ? 'https' : 'http'}://${host}`)
    this.#client = new HttpClient({ url, tls })
    this.#overflow = overflow
    this.#tokens = new TokenCache(login, this.#closing.signal, async (name, signal) => {
      const request = { method: 'auth/authenticate', request: name, headers: {} }
      return (await call<{ token: string }>(this.#client, request, signal)).token ?? ''
    })
  }

  get ready(): boolean {
    return this.#client.connected
  }

  get token(): Token | undefined {
    return this.#tokens.token
  }

  forget(token: Token | undefined): void {
    this.#tokens.forget(token)
  }

  suspect(): void {}

  services(signal: AbortSignal): Services {
    const ask = <T>(method: string, request: object): Promise<Json<T>> =>
      this.#authorised(method, request, (what) => call<T>(this.#client, what, signal))
    const renew = (request: object) =>
      this.#authorised('lease/keepalive', request, (what) =>
        first<{ TTL: string }>(this.#client, { ...what, urgent: true }, signal),
      )
    return {
      kv: {
        range: async (request) => toRange(await ask('kv/range', request)),
        txn: async (request) => toTxn(await ask('kv/txn', request)),
      },
      lease: {
        leaseGrant: async (request) => toGrant(await ask('lease/grant', request)),
        leaseKeepAlive: async (id) => Number((await renew({ ID: id })).TTL ?? 0),
        leaseRevoke: (request) => ask('lease/revoke', request),
      },
      maintenance: {
        status: async () => toStatus(await ask('maintenance/status', {})),
        alarm: async (request) => toAlarms(await ask('maintenance/alarm', request)),
      },
    }
  }

  watch(request: IWatchCreateRequest, listener: WatchListener): () => void {
    if (this.#watches >= MAX_WATCHES) return this.#watchElsewhere(request, listener)
    const stop = new AbortController()
    this.#watches++
    void this.#follow(request, listener, stop).finally(() => this.#watches--)
    return () => stop.abort()
  }

  close(): void {
    this.#closing.abort(new Error('the connection was closed'))
    this.#client.close()
    this.#overflowing?.then((connection) => connection.close()).catch(() => {})
  }

  /** Without the header `hasleader`, a server without a leader would keep a watch open and silent. */
  async #follow(
    request: IWatchCreateRequest,
    listener: WatchListener,
    stop: AbortController,
  ): Promise<void> {
    const dead = new AbortController()
    const leave = this.#heartbeat.join({
      dead: (cause) => dead.abort(cause),
      alive: (revision) => listener.alive?.(revision),
    })
    const signal = AbortSignal.any([stop.signal, dead.signal, this.#closing.signal])
    try {
      const create = { create_request: request }
      const what = await this.#prepared('watch', create, { 'grpc-metadata-hasleader': 'true' })
      for await (const response of stream<WatchResponse>(this.#client, what, signal))
        listener.received(toWatch(response))
    } catch (error) {
      if (!stop.signal.aborted) listener.ended(signal.reason ?? error)
    } finally {
      leave()
    }
  }

  #watchElsewhere(request: IWatchCreateRequest, listener: WatchListener): () => void {
    let stopped = false
    let stop = () => {
      stopped = true
    }
    this.#overflowing ??= this.#overflow()
    this.#overflowing
      .then((connection) => {
        if (!stopped) stop = connection.watch(request, listener)
      })
      .catch((error) => listener.ended(error))
    return () => stop()
  }

  #authorised<T>(method: string, request: object, ask: (what: Call) => Promise<T>): Promise<T> {
    return this.#tokens.during(async () => {
      const what = await this.#prepared(method, request)
      return this.#timeout.measure(() => ask(what))
    })
  }

  async #prepared(method: string, request: object, headers = {}): Promise<Call> {
    this.#closing.signal.throwIfAborted()
    const token = await this.#tokens.get()
    return { method, request, headers: { ...headers, ...(token && { authorization: token }) } }
  }
}
