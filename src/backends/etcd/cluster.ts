import { UnavailableError } from '../../errors.ts'
import type { CallOptions } from '../backend.ts'
import { withinLimit } from '../call.ts'
import { now } from '../clock.ts'
import type { Vendor } from './channels.ts'
import { isFinal } from './failure.ts'
import type { Location } from './location.ts'
import { Member, type Services } from './member.ts'

/** So long (milliseconds) a server may be silent while there are others to ask. */
const PATIENCE = 1_000

export type Question<T> = (services: Services, member: Member, signal: AbortSignal) => Promise<T>

/** The servers behind one URL: the first one is used until it fails, then the next one, and round again. */
export class Cluster {
  readonly address: string
  readonly members: readonly Member[]
  readonly #closing = new AbortController()
  #at = 0

  constructor(vendor: Vendor, { address, hosts, tls, login }: Location) {
    this.address = address
    this.members = hosts.map((host) => new Member({ vendor, host, tls, login }))
  }

  /** Asks the current server, and the next ones where it does not answer. Only for what may be sent twice. */
  async ask<T>(options: CallOptions, limit: number, question: Question<T>): Promise<T> {
    const giveUp = now() + limit
    const patience = Math.min(PATIENCE, limit / (2 * this.members.length))
    for (let others = this.members.length - 1; ; others--) {
      const share = others > 0 ? patience : Math.round(giveUp - now())
      try {
        return await this.tell(this.#current, options, share, question)
      } catch (error) {
        if (others === 0 || isFinal(error) || this.#ending(options).aborted) throw error
      }
    }
  }

  /** Asks that server alone. */
  async tell<T>(
    member: Member,
    options: CallOptions,
    limit: number,
    question: Question<T>,
  ): Promise<T> {
    const { connection } = member
    const { token } = connection
    const ending = this.#ending(options)
    try {
      return await withinLimit({ signal: ending }, limit, this.address, (signal) =>
        question(member.services(signal), member, signal),
      )
    } catch (error) {
      if (!ending.aborted && !isFinal(error)) {
        member.failed(connection, token)
        this.#leave(member)
      }
      throw error
    }
  }

  /** Every call ends, with a failure. */
  close(): void {
    this.#closing.abort(new UnavailableError(`${this.address} is closed`, { retryable: false }))
    for (const member of this.members) member.close()
  }

  get #current(): Member {
    return this.members[this.#at] as Member
  }

  #leave(member: Member): void {
    if (member === this.#current) this.#at = (this.#at + 1) % this.members.length
  }

  #ending({ signal }: CallOptions): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal
  }
}
