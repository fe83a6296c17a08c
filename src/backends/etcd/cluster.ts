import { now } from '../../base/clock.ts'
import { UnavailableError } from '../../base/errors.ts'
import type { CallOptions } from '../backend.ts'
import { withinLimit } from '../network/call-limit.ts'
import type { Dial, Services } from './connection.ts'
import { isFinal, isTlsFailure, NoGatewayError, translate } from './failure.ts'
import type { Location } from './location.ts'
import { Member } from './member.ts'

/** Milliseconds that a server may be silent while there are others to ask. */
const FAILOVER_AFTER = 1_000

export type Operation<T> = (services: Services, member: Member, signal: AbortSignal) => Promise<T>

export interface ClusterOptions {
  readonly location: Location
  readonly dial: Dial
  /** Loads another transport, for servers that do not support this one. */
  readonly fallback: () => Promise<Dial>
}

/** The servers behind one URL. The first one is used until it fails, then the next one, and so on in a circle. */
export class Cluster {
  readonly address: string
  readonly members: readonly Member[]
  readonly #closing = new AbortController()
  readonly #fallback: ClusterOptions['fallback']
  #currentIndex = 0

  constructor({ location, dial, fallback }: ClusterOptions) {
    const { address, hosts, tls, login } = location
    this.address = address
    this.members = hosts.map((host) => new Member({ host, tls, login }, dial))
    this.#fallback = fallback
  }

  /**
   * Asks the current server, and the next ones if it does not answer. Only for requests that may be sent twice.
   * @throws UnavailableError not retryable: no server has ever answered, and no certificate of them verifies.
   */
  async call<T>(options: CallOptions, limit: number, operation: Operation<T>): Promise<T> {
    const giveUp = now() + limit
    const timeout = Math.min(FAILOVER_AFTER, limit / (2 * this.members.length))
    let unverified = !this.members.some((member) => member.revision > 0)
    for (let others = this.members.length - 1; ; others--) {
      const share = others > 0 ? timeout : Math.round(giveUp - now())
      try {
        return await this.callMember(this.#current, options, share, operation)
      } catch (error) {
        unverified &&= isTlsFailure(error)
        if (others === 0 && unverified) throw translate(error, this.address, false)
        if (others === 0 || isFinal(error) || this.#ending(options).aborted) throw error
      }
    }
  }

  /** Asks only this server. */
  async callMember<T>(
    member: Member,
    options: CallOptions,
    limit: number,
    operation: Operation<T>,
  ): Promise<T> {
    const { connection } = member
    const { token } = connection
    const ending = this.#ending(options)
    try {
      return await withinLimit({ signal: ending }, limit, this.address, (signal) =>
        this.#invoke(operation, member, signal),
      )
    } catch (error) {
      connection.suspect()
      if (!ending.aborted && !isFinal(error)) {
        member.failed(connection, token)
        this.#switchMember(member)
      }
      throw error
    }
  }

  /** Ends every call, with a failure. */
  close(): void {
    this.#closing.abort(new UnavailableError(`${this.address} is closed`, { retryable: false }))
    for (const member of this.members) member.close()
  }

  /** A server without a gateway has done nothing yet, so the operation is tried again by the other transport. */
  async #invoke<T>(operation: Operation<T>, member: Member, signal: AbortSignal): Promise<T> {
    const { connection } = member
    try {
      return await operation(member.services(signal), member, signal)
    } catch (error) {
      if (!(error instanceof NoGatewayError)) throw error
    }
    member.redial(connection, await this.#fallback())
    signal.throwIfAborted()
    return operation(member.services(signal), member, signal)
  }

  get #current(): Member {
    return this.members[this.#currentIndex] as Member
  }

  #switchMember(member: Member): void {
    if (member === this.#current)
      this.#currentIndex = (this.#currentIndex + 1) % this.members.length
  }

  #ending({ signal }: CallOptions): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
  }
}
