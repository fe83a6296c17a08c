import type {
  IAlarmRequest,
  ILeaseGrantRequest,
  ILeaseRevokeRequest,
  IRangeRequest,
  ITxnRequest,
  IWatchCreateRequest,
} from 'etcd3'
import type { TlsFiles } from '../network/tls-files.ts'
import type { Login } from './location.ts'
import type {
  Alarms,
  Grant,
  RangeResponse,
  Status,
  TxnResponse,
  WatchResponse,
} from './messages.ts'
import type { Token } from './token.ts'

/** A server, and the credentials for it. */
export interface ServerOptions {
  /** `host:port` */
  readonly host: string
  readonly tls?: TlsFiles | undefined
  readonly login?: Login | undefined
}

/** Makes a connection to a server, over gRPC or over its JSON gateway. It connects when the first request is made. */
export type Dial = (server: ServerOptions) => Connection

/** etcd's services on one server. Errors have gRPC's code if the server has answered. */
export interface Services {
  readonly kv: {
    range(request: IRangeRequest): Promise<RangeResponse>
    txn(request: ITxnRequest): Promise<TxnResponse>
  }
  readonly lease: {
    leaseGrant(request: ILeaseGrantRequest): Promise<Grant>
    /** Resolves to the seconds that the lease lives from now on. Zero or less means that the lease does not exist. */
    leaseKeepAlive(id: string): Promise<number>
    leaseRevoke(request: ILeaseRevokeRequest): Promise<unknown>
  }
  readonly maintenance: {
    status(): Promise<Status>
    alarm(request: IAlarmRequest): Promise<Alarms>
  }
}

/** The callbacks of one watch. */
export interface WatchListener {
  /** Called with every message of the server about this watch, of which the first one has `created`. */
  received(response: WatchResponse): void
  /** Another connection has reported that the store has this revision. The watch's own connection may be dead. */
  alive?(revision: number): void
  /** Nothing more will arrive. */
  ended(cause: unknown): void
}

/** A connection to one server. It reconnects by itself. */
export interface Connection {
  /** Whether it is connected. */
  readonly ready: boolean
  /** Whether it is trying to connect. It may hang in that forever, so a call that fails replaces the connection. */
  readonly connecting: boolean
  /** Whether it has been silent for so long that another connection must be made. */
  readonly dead: boolean
  /** The token that calls present. Absent until a call has asked for one. */
  readonly token: Token | undefined
  /** Makes the next call ask for a new token, unless this token was already replaced. */
  forget(token: Token | undefined): void
  /** Whether its certificates have been replaced since it was made. A call that fails then replaces the connection. */
  readonly outdated: boolean
  /** Reports that a call on it has failed. If it has been silent for too long, it is dead from then on. */
  suspect(): void
  /** The services for one call. Its requests end with the signal. */
  services(signal: AbortSignal): Services
  /** Starts a watch. Returns the function that stops it. */
  watch(request: IWatchCreateRequest, listener: WatchListener): () => void
  /** Ends every call and watch, with a failure. */
  close(): void
}
