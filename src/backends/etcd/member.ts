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

  /** What they are asked is given up with the signal. */
  services(signal: AbortSignal): Services {
    return this.connection.services(signal)
  }

  /**
   * Talks to the server in another way from now on, unless somebody has arranged that since. What others still ask on
   * the old connection comes to its own end there.
   */
  redial(connection: Connection, dial: Dial): void {
    if (connection !== this.#connection) return
    this.#dial = dial
    this.#connection = dial(this.#server)
    this.#retire(connection)
  }

  /** Resolves if the server has answered just now, or answers `look`. */
  async prove(check: () => Promise<unknown>): Promise<void> {
    if (!this.#connection.ready) this.#reachability.failed()
    await this.#reachability.prove(check)
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
   * one is begun, as for one whose certificates were replaced; and to a token of a store that was emptied since etcd gives no answer, so another one is asked for.
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
