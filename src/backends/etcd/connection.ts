import type { ICallable, IWatchCreateRequest } from 'etcd3'
import { channelsTo, type Service, type Vendor } from './channels.ts'
import { Code, codeOf } from './failure.ts'
import type { Login, TlsCredentials } from './location.ts'
import { Sockets } from './sockets.ts'
import { type Stub, unary } from './unary.ts'
import { type WatchListener, WatchStream } from './watch-stream.ts'

/** grpc.connectivityState */
const CONNECTING = 1
const READY = 2

/** On its way, or here; none where the server asks for none. */
export type Token = Promise<string | undefined>

interface Client {
  close(): void
  getChannel(): { getConnectivityState(connect: boolean): number }
}

export interface ConnectionOptions {
  readonly vendor: Vendor
  /** `host:port` */
  readonly host: string
  readonly tls?: TlsCredentials
  readonly login?: Login
}

/**
 * One TCP connection to one server, which reconnects by itself and which all calls and watches share.
 *
 * It uses etcd3's channels and message types, and not its calls: those would try writes again, fail over to another
 * server on their own, close everybody's channels when one call fails, and cannot be cancelled.
 */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #channels: ICallable<unknown>
  readonly #clients = new Map<Service, Client>()
  readonly #sockets = new Sockets()
  #token: Token | undefined
  #watches: WatchStream | undefined
  readonly #closing = new AbortController()

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#channels = channelsTo(options.vendor, options.host, options.tls)
  }

  get ready(): boolean {
    return this.#is(READY)
  }

  get connecting(): boolean {
    return this.#is(CONNECTING) && !this.ready
  }

  /** For etcd3's clients of single services. A call ends with the signal. */
  callable(signal: AbortSignal): ICallable<unknown> {
    return {
      exec: <T>(service: Service, method: string, request: unknown) =>
        this.#sockets.during(() =>
          this.withToken(() => this.#call<T>(service, method, request, signal)),
        ),
      withConnection: (service, use) =>
        this.#sockets.during(async () =>
          use({ resource: undefined, ...(await this.#authorised(service)) }),
        ),
      markFailed: () => {},
      callOptionsFactory: undefined,
    }
  }

  /** Watches from now on, and returns how to stop. All watches share one stream, since servers limit their number. */
  watch(request: IWatchCreateRequest, listener: WatchListener): () => void {
    if (!this.#watches || this.#watches.ended) this.#watches = new WatchStream(this.#watchClient())
    return this.#watches.add(request, listener)
  }

  /**
   * Runs `body` again with a new token if the old one may be stale: servers forget tokens when they start, and when
   * users are changed. What a token was refused for was not begun, so that this holds for writes too.
   */
  async withToken<T>(body: () => Promise<T>): Promise<T> {
    const token = this.#authenticated()
    await token
    try {
      return await body()
    } catch (error) {
      if (!this.#options.login || !mayBeStaleToken(error)) throw error
      this.forget(token)
    }
    return body()
  }

  /** What calls present from now on, once one of them has asked for it. */
  get token(): Token | undefined {
    return this.#token
  }

  /** Asks for a new token with the next call, unless that was done since. */
  forget(token: Token | undefined): void {
    if (this.#token === token) this.#token = undefined
  }

  close(): void {
    this.#closing.abort(new Error('the connection was closed'))
    if (this.connecting) this.#sockets.destroy()
    this.#watches?.end(this.#closing.signal.reason)
    for (const client of this.#clients.values()) client.close()
  }

  #watchClient() {
    return new this.#options.vendor.WatchClient(this.callable(this.#closing.signal))
  }

  async #call<T>(
    service: Service,
    method: string,
    request: unknown,
    signal: AbortSignal,
  ): Promise<T> {
    const { client, metadata } = await this.#authorised(service)
    return unary(client as unknown as Stub, method, request, metadata, signal)
  }

  async #authorised(service: Service) {
    const token = await this.#authenticated()
    const { client, metadata } = await this.#channel(service)
    if (token) metadata.set('token', token)
    // Else a server that was cut off from its cluster would keep a watch open, and silent.
    if (service === 'Watch') metadata.set('hasleader', 'true')
    return { client, metadata }
  }

  #authenticated(): Token {
    this.#token ??= this.#authenticate().catch((error) => {
      this.#token = undefined
      throw error
    })
    return this.#token
  }

  /** A server without authentication takes calls of any user, as etcdctl has it. */
  async #authenticate(): Promise<string | undefined> {
    if (!this.#options.login) return undefined
    const { client, metadata } = await this.#channel('Auth')
    try {
      const signal = AbortSignal.any([
        AbortSignal.timeout(AUTHENTICATION_LIMIT),
        this.#closing.signal,
      ])
      const stub = client as unknown as Stub
      return (
        await unary<{ token: string }>(stub, 'authenticate', this.#options.login, metadata, signal)
      ).token
    } catch (error) {
      if (codeOf(error) === Code.failedPrecondition) return undefined
      throw error
    }
  }

  /** `withConnection` gives the channel away unharmed: it meddles only where its callback fails. */
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

const AUTHENTICATION_LIMIT = 5_000

/** Unauthenticated, or InvalidArgument, as etcd says where users were changed since, or no token came. */
const mayBeStaleToken = (error: unknown): boolean =>
  codeOf(error) === Code.unauthenticated || codeOf(error) === Code.invalidArgument
