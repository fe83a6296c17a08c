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

/** Which server, and as whom. */
export interface ServerOptions {
  /** `host:port` */
  readonly host: string
  readonly tls?: TlsFiles | undefined
  readonly login?: Login | undefined
}

/** A way to talk to a server: over gRPC, or over its JSON gateway. Connects when something is asked first. */
export type Dial = (server: ServerOptions) => Connection

/** etcd's services on one server. Failures carry gRPC's code where the server has answered. */
export interface Services {
  readonly kv: {
    range(request: IRangeRequest): Promise<RangeResponse>
    txn(request: ITxnRequest): Promise<TxnResponse>
  }
  readonly lease: {
    leaseGrant(request: ILeaseGrantRequest): Promise<Grant>
    /** Resolves to the seconds that the lease lives from now on; not above zero: it does not exist. */
    leaseKeepAlive(id: string): Promise<number>
    leaseRevoke(request: ILeaseRevokeRequest): Promise<unknown>
  }
  readonly maintenance: {
    status(): Promise<Status>
    alarm(request: IAlarmRequest): Promise<Alarms>
  }
}

/** One watch. */
export interface WatchListener {
  /** Everything the server says of this watch, beginning with `created`. */
  received(response: WatchResponse): void
  /** The store has this revision, as another connection has told: this one may be dead. */
  alive?(revision: number): void
  /** Nothing more will come. */
  ended(cause: unknown): void
}

/** How one server is talked to. It reconnects by itself. */
export interface Connection {
  /** Whether it is connected. */
  readonly ready: boolean
  /** Whether it tries to, and may hang in that for ever: then another one is to be made. */
  readonly connecting: boolean
  /** Whether it has been silent for so long that another one is to be made. */
  readonly dead: boolean
  /** What calls present, once one of them has asked for it. */
  readonly token: Token | undefined
  /** Asks for a new token with the next call, unless that was done since. */
  forget(token: Token | undefined): void
  /** Whether its certificates have been replaced since it was made, so that another one is to be made once it fails. */
  readonly outdated: boolean
  /** A call on it was given up. */
  suspect(): void
  /** For one call of ours: what is asked is given up with the signal. */
  services(signal: AbortSignal): Services
  /** Watches from now on, and returns how to stop. */
  watch(request: IWatchCreateRequest, listener: WatchListener): () => void
  /** Every call and watch ends, with a failure. */
  close(): void
}
