import { CALL_LIMIT } from '../network/call-limit.ts'
import { Reachability } from '../network/reachability.ts'
import type { Connection, Dial, ServerOptions, Services } from './connection.ts'
import type { Token } from './token.ts'

/** One server of a cluster. */
export class Member {
  readonly #server: ServerOptions
  readonly #reachability = new Reachability()
  #dial: Dial
  #connection: Connection
  readonly #retired = new Set<Connection>()
  #revision = 0

  constructor(server: ServerOptions, dial: Dial) {
    this.#server = server
    this.#dial = dial
    this.#connection = dial(server)
  }

  get host(): string {
    return this.#server.host
  }

  get connection(): Connection {
    if (this.#connection.dead) this.redial(this.#connection, this.#dial)
    return this.#connection
  }

  /** The services of the server. Their requests end with the signal. */
  services(signal: AbortSignal): Services {
    return this.connection.services(signal)
  }

  /**
   * Uses another transport for the server from now on, unless the connection was replaced since. Requests in progress
   * on the old connection may still finish there.
   */
  redial(connection: Connection, dial: Dial): void {
    if (connection !== this.#connection) return
    this.#dial = dial
    this.#connection = dial(this.#server)
    this.#retire(connection)
  }

  /** Resolves if the server has answered just now, or answers `check`. */
  async prove(check: () => Promise<unknown>): Promise<void> {
    if (!this.#connection.ready) this.#reachability.failed()
    await this.#reachability.prove(check)
  }

  /** The store's revision in the newest answer. */
  get revision(): number {
    return this.#revision
  }

  /** Records that the whole cluster has answered through this server, not only the server itself. */
  answered(revision: number): void {
    this.#reachability.answered()
    this.#revision = revision
  }

  /**
   * A call with this token on this connection has failed. A connection that is still being established may hang, and
   * one with outdated certificates may be refused; in both cases a new connection replaces it. etcd gives no answer to
   * a token from before its store was emptied, so the next call asks for a new token.
   */
  failed(connection: Connection, token: Token | undefined): void {
    this.#reachability.failed()
    connection.forget(token)
    if (connection !== this.#connection) return
    if (!connection.connecting && !connection.outdated) return
    this.#connection = this.#dial(this.#server)
    connection.close()
  }

  close(): void {
    for (const connection of this.#retired) connection.close()
    this.#connection.close()
  }

  #retire(connection: Connection): void {
    this.#retired.add(connection)
    const close = () => {
      this.#retired.delete(connection)
      connection.close()
    }
    setTimeout(close, CALL_LIMIT).unref()
  }
}
