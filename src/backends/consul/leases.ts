import { LeaseGoneError, UnavailableError, UsageError } from '../../base/errors.ts'
import type { CallOptions, Lease, Traits } from '../backend.ts'
import { Failure } from './failure.ts'
import type { Store } from './store.ts'

const WRITING = 'session:write'

/** Leases are Consul's sessions. Consul removes their keys with them. */
export class Leases {
  readonly #store: Store
  readonly #traits: Traits

  constructor(store: Store, traits: Traits) {
    this.#store = store
    this.#traits = traits
  }

  async grant(ttl: number, options: CallOptions): Promise<Lease> {
    const { maxTtl, minTtl } = this.#traits
    if (ttl > maxTtl) {
      throw new UsageError(`${ttl / 1000} s exceeds the maximum TTL of Consul: ${maxTtl / 1000} s`)
    }
    const seconds = Math.ceil(Math.max(ttl, minTtl) / 1000)
    const [, { ID }] = await this.#store.ask(options, WRITING, (client, common) =>
      client.session.create({
        ...common,
        name: 'rdv',
        ttl: `${seconds}s`,
        behavior: 'delete',
        // A holder stops before its TTL is over, so no other client needs to wait after the TTL.
        lockdelay: '0s',
        // That is true only if nothing but the TTL ends the session. By default, Consul binds a session to the health
        // of the agent's node. Then it would end early when that agent dies, or when the cluster only assumes so.
        checks: [],
      }),
    )
    return { id: ID, ttl: seconds * 1000 }
  }

  async renew(id: string, options: CallOptions): Promise<number> {
    if (!isSessionId(id)) throw new LeaseGoneError(id)
    const urgent = { ...options, urgent: true }
    const session = await this.#store.ask(urgent, WRITING, async (client, common) => {
      try {
        const [, [info]] = await client.session.renew({ ...common, id })
        return info
      } catch (error) {
        if (new Failure(error).status === 404) return undefined
        throw error
      }
    })
    if (session) return millisecondsOf(session.TTL)
    // A server that has just been started denies sessions that it has not yet read from its log.
    if (await this.exists(id, options)) throw this.#starting()
    throw new LeaseGoneError(id)
  }

  async revoke(id: string, options: CallOptions): Promise<void> {
    if (!isSessionId(id)) return
    await this.#store.ask(options, WRITING, (client, common) =>
      client.session.destroy({ ...common, id }),
    )
    // A server that is still starting does not destroy a session that it denies, but reports success.
    if (await this.exists(id, options)) throw this.#starting()
  }

  /** Linearizable: a server that is still starting does not answer. */
  async exists(id: string, options: CallOptions): Promise<boolean> {
    if (!isSessionId(id)) return false
    const [, session] = await this.#store.ask(options, 'session:read', (client, common) =>
      client.session.info({ ...common, id, consistent: true }),
    )
    return session !== undefined
  }

  #starting(): UnavailableError {
    return new UnavailableError(`${this.#store.connection.address} is still starting`)
  }
}

/** Consul answers with status 500 to an id that is not a UUID, as if Consul itself were broken. */
const isSessionId = (id: string): boolean => /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** The milliseconds of a duration as Go writes it: `15s`, `1m30s`. */
const millisecondsOf = (duration: string): number =>
  [...duration.matchAll(/([\d.]+)(ms|[smh])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  )
