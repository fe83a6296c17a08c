import type { KVClient, LeaseClient, MaintenanceClient } from 'etcd3'
import { Reachability } from '../reachability.ts'
import { Connection, type ConnectionOptions, type Token } from './connection.ts'

/** etcd's services on one server, for one call of ours. */
export interface Services {
  readonly kv: KVClient
  readonly lease: LeaseClient
  readonly maintenance: MaintenanceClient
}

/** One server of a cluster. */
export class Member {
  readonly #options: ConnectionOptions
  readonly #reachability = new Reachability()
  #connection: Connection
  #revision = 0

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#connection = new Connection(options)
  }

  get host(): string {
    return this.#options.host
  }

  get connection(): Connection {
    return this.#connection
  }

  /** What they are asked is given up with the signal. */
  services(signal: AbortSignal): Services {
    const { vendor } = this.#options
    const callable = this.#connection.callable(signal)
    return {
      kv: new vendor.KVClient(callable),
      lease: new vendor.LeaseClient(callable),
      maintenance: new vendor.MaintenanceClient(callable),
    }
  }

  /** Resolves if the server has answered just now, or answers `look`. */
  async prove(look: () => Promise<unknown>): Promise<void> {
    if (!this.#connection.ready) this.#reachability.failed()
    await this.#reachability.prove(look)
  }

  /** The store's revision in the newest answer. */
  get revision(): number {
    return this.#revision
  }

  /** The whole cluster has, through this server: not merely the server itself. */
  answered(revision: number): void {
    this.#reachability.answered()
    this.#revision = revision
  }

  /**
   * A call with the token on the connection failed. A connection that still was being made may never be, so another
   * one is begun; and to a token of a store that was emptied since etcd gives no answer, so another one is asked for.
   */
  failed(connection: Connection, token: Token | undefined): void {
    this.#reachability.failed()
    connection.forget(token)
    if (connection !== this.#connection || !connection.connecting) return
    this.#connection = new Connection(this.#options)
    connection.close()
  }

  close(): void {
    this.#connection.close()
  }
}
