import {
  bootId,
  commandLives,
  isAlive,
  type ProcessIdentity,
  seemsAlive,
} from '../process-identity.ts'

/** Between two close looks at the owners, milliseconds. */
const FULL_CHECK_INTERVAL = 1_000

/** What is known of a lease. */
interface OwnedLease {
  readonly expires: number
  /** JSON; `null` where it has none on this machine. */
  readonly owner: string | null
}

/**
 * Tells which leases have ended. A look at a process is cheap as long as it only asks whether there is one of its
 * number; whether that is still the same, and no corpse, is asked once a second: many who wait on a machine with many
 * holders would keep it busy otherwise.
 */
export class LeaseOwners {
  readonly #parsed = new Map<string, ProcessIdentity>()
  #checkedAt = Number.NEGATIVE_INFINITY

  /** Those that have ended by the monotonic time. */
  ended<L extends OwnedLease>(leases: readonly L[], time: number): L[] {
    const closely = time - this.#checkedAt >= FULL_CHECK_INTERVAL
    if (closely) {
      this.#checkedAt = time
      this.#parsed.clear()
    }
    return leases.filter((lease) => this.#hasEnded(lease, time, closely))
  }

  /** Whether a process of theirs is certainly gone: asked often, and by the cheap check alone. */
  areGone(leases: readonly OwnedLease[]): boolean {
    return leases.some(({ owner }) => owner !== null && !seemsAlive(this.#parse(owner)))
  }

  /**
   * A living owner renews, so one that does not has been stopped, and its lease ends with its TTL. A dead owner's
   * lease ends with what the owner had started, which nobody renews for.
   */
  #hasEnded({ expires, owner }: OwnedLease, time: number, closely: boolean): boolean {
    const expired = expires <= time
    if (owner === null) return expired
    const identity = this.#parse(owner)
    // Of a machine that has taken the file over: its clock is another one.
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
