import type { ICallable, IWatchCreateRequest } from 'etcd3'
import { AdaptiveTimeout } from '../../network/adaptive-timeout.ts'
import { CALL_LIMIT } from '../../network/call-limit.ts'
import type { TlsFiles, TlsMaterial } from '../../network/tls-files.ts'
import type { Connection, ServerOptions, Services, WatchListener } from '../connection.ts'
import { Heartbeat } from '../heartbeat.ts'
import { type Token, TokenCache } from '../token.ts'
import { channelsTo, type Service, type Vendor } from './channels.ts'
import { renewOnce } from './renewal.ts'
import { Silence } from './silence.ts'
import { Sockets } from './sockets.ts'
import { type Stub, unary } from './unary.ts'
import { WatchStream } from './watch-stream.ts'

/** grpc.connectivityState */
const CONNECTING = 1
const READY = 2

interface Client {
  close(): void
  getChannel(): { getConnectivityState(connect: boolean): number }
}

/**
 * One TCP connection to one server, which all calls and watches share.
 *
 * It uses etcd3's channels and message types, but not its calls. These would repeat writes, change to another server on
 * their own, and close the channels of all users when one call fails; and they cannot be cancelled.
 */
export class GrpcConnection implements Connection {
  readonly #vendor: Vendor
  readonly #channels: ICallable<unknown>
  readonly #clients = new Map<Service, Client>()
  readonly #sockets = new Sockets()
  readonly #closing = new AbortController()
  readonly #tokens: TokenCache
  readonly #timeout = new AdaptiveTimeout(CALL_LIMIT)
  readonly #silence = new Silence(this.#timeout, () => this.ready)
  readonly #heartbeat = new Heartbeat((signal) => this.services(signal), this.#timeout)
  readonly #files: TlsFiles | undefined
  readonly #tls: TlsMaterial | undefined
  #dead = false
  #watches: WatchStream | undefined

  constructor(vendor: Vendor, { host, tls, login }: ServerOptions) {
    this.#vendor = vendor
    this.#files = tls
    this.#tls = tls?.current
    this.#channels = channelsTo(vendor, host, this.#tls)
    this.#tokens = new TokenCache(login, this.#closing.signal, async (name, signal) => {
      const { client, metadata } = await this.#channel('Auth')
      const stub = client as unknown as Stub
      return (await unary<{ token: string }>(stub, 'authenticate', name, metadata, signal)).token
    })
  }

  get ready(): boolean {
    return this.#is(READY)
  }

  get connecting(): boolean {
    return this.#is(CONNECTING) && !this.ready
  }

  get outdated(): boolean {
    return this.#files?.current !== this.#tls
  }

  get dead(): boolean {
    return this.#dead
  }

  get token(): Token | undefined {
    return this.#tokens.token
  }

  forget(token: Token | undefined): void {
    this.#tokens.forget(token)
  }

  suspect(): void {
    if (this.#silence.isLong()) this.#die(new Error('the connection is silent'))
  }

  services(signal: AbortSignal): Services {
    const { KVClient, LeaseClient, MaintenanceClient } = this.#vendor
    const callable = this.#callable(signal)
    const lease = new LeaseClient(callable)
    return {
      kv: new KVClient(callable),
      maintenance: new MaintenanceClient(callable),
      lease: {
        leaseGrant: (request) => lease.leaseGrant(request),
        leaseKeepAlive: (id) =>
          this.#tokens.during(() =>
            this.#silence.during(signal, () => renewOnce(lease, id, signal)),
          ),
        leaseRevoke: (request) => lease.leaseRevoke(request),
      },
    }
  }

  /** All watches share one stream, because servers limit the number of streams. */
  watch(request: IWatchCreateRequest, listener: WatchListener): () => void {
    if (!this.#watches || this.#watches.ended) this.#watches = new WatchStream(this.#watchClient())
    const leave = this.#heartbeat.join({ dead: (cause) => this.#die(cause) })
    const ended = (cause: unknown) => {
      leave()
      listener.ended(cause)
    }
    const stop = this.#watches.add(request, {
      received: (response) => listener.received(response),
      ended,
    })
    return () => {
      leave()
      stop()
    }
  }

  close(): void {
    this.#closing.abort(new Error('the connection was closed'))
    if (this.connecting || this.#dead) this.#sockets.destroy()
    this.#watches?.end(this.#closing.signal.reason)
    for (const client of this.#clients.values()) client.close()
  }

  /** The interface that etcd3's clients of single services need. A call ends with the signal. */
  #callable(signal: AbortSignal): ICallable<unknown> {
    return {
      exec: <T>(service: Service, method: string, request: unknown) =>
        this.#sockets.during(() =>
          this.#tokens.during(() => this.#call<T>(service, method, request, signal)),
        ),
      withConnection: (service, use) =>
        this.#sockets.during(async () =>
          use({ resource: undefined, ...(await this.#authorised(service)) }),
        ),
      markFailed: () => {},
      callOptionsFactory: undefined,
    }
  }

  #watchClient() {
    return new this.#vendor.WatchClient(this.#callable(this.#closing.signal))
  }

  async #call<T>(
    service: Service,
    method: string,
    request: unknown,
    signal: AbortSignal,
  ): Promise<T> {
    const { client, metadata } = await this.#authorised(service)
    return this.#silence.during(signal, () =>
      unary(client as unknown as Stub, method, request, metadata, signal),
    )
  }

  #die(cause: unknown): void {
    this.#dead = true
    this.#watches?.end(cause)
  }

  async #authorised(service: Service) {
    const token = await this.#tokens.get()
    const { client, metadata } = await this.#channel(service)
    if (token) metadata.set('token', token)
    // Otherwise a server that was cut off from its cluster would keep a watch open and silent.
    if (service === 'Watch') metadata.set('hasleader', 'true')
    return { client, metadata }
  }

  /** `withConnection` returns the channel unchanged: it intervenes only if its callback fails. */
  async #channel(service: Service) {
    this.#closing.signal.throwIfAborted()
    const channel = await this.#channels.withConnection(service, (parts) => parts)
    this.#clients.set(service, channel.client)
    return channel
  }

  #is(state: number): boolean {
    return [...this.#clients.values()].some(
      (client) => client.getChannel().getConnectivityState(false) === state,
    )
  }
}
