import {
  bootId,
  commandLives,
  isAlive,
  type ProcessIdentity,
  seemsAlive,
} from '../process-identity.ts'

/** Milliseconds between two full checks of the owners. */
const FULL_CHECK_INTERVAL = 1_000

interface OwnedLease {
  readonly expires: number
  /** JSON; `null` if the lease has no owner on this machine. */
  readonly owner: string | null
}

/**
 * Determines which leases have ended. The cheap check of an owner only asks whether a process with its pid exists. Once
 * a second, a full check asks whether that is still the same process, and not a zombie. More full checks would keep a
 * machine busy that has many waiters and many holders.
 */
export class LeaseOwners {
  readonly #parsed = new Map<string, ProcessIdentity>()
  #checkedAt = Number.NEGATIVE_INFINITY

  /** The leases that have ended at this time (milliseconds of the monotonic clock). */
  ended<L extends OwnedLease>(leases: readonly L[], time: number): L[] {
    const closely = time - this.#checkedAt >= FULL_CHECK_INTERVAL
    if (closely) {
      this.#checkedAt = time
      this.#parsed.clear()
    }
    return leases.filter((lease) => this.#hasEnded(lease, time, closely))
  }

  /** Whether the owner of any of these leases is certainly gone. Called often, so it makes only the cheap check. */
  areGone(leases: readonly OwnedLease[]): boolean {
    return leases.some(({ owner }) => owner !== null && !seemsAlive(this.#parse(owner)))
  }

  /**
   * A living owner renews its lease. If it does not, it has been stopped, and the lease ends with its TTL. After the
   * owner has died, nothing renews the lease. It then ends when the last process of the owner's COMMAND has ended.
   */
  #hasEnded({ expires, owner }: OwnedLease, time: number, closely: boolean): boolean {
    const expired = expires <= time
    if (owner === null) return expired
    const identity = this.#parse(owner)
    // The owner runs on another machine that has taken the file over, and whose clock is another one.
    if (identity.bootId !== bootId() && bootId() !== '') return false
    const alive = closely || expired ? isAlive(identity) : seemsAlive(identity)
    return alive ? expired : !commandLives(identity)
  }

  #parse(owner: string): ProcessIdentity {
    const known = this.#parsed.get(owner)
    if (known) return known
    const identity = JSON.parse(owner) as ProcessIdentity
    this.#parsed.set(owner, identity)
    return identity
  }
}
