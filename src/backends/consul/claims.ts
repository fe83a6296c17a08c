import { now } from '../../base/clock.ts'
import { LeaseGoneError, UnavailableError } from '../../base/errors.ts'
import type { CallOptions, Claimable, ClaimResult } from '../backend.ts'
import { absent, heldBy, put, putHeld, remove, unchanged } from '../operations.ts'
import { Commit } from './commit.ts'
import type { Leases } from './leases.ts'
import type { FlaggedWrite } from './plan.ts'
import {
  decodeSemaphore,
  encodeSemaphore,
  hasFlags,
  LOCK_FLAGS,
  SEMAPHORE_FLAGS,
} from './semaphore.ts'
import type { FlaggedEntry, Store } from './store.ts'

/** How often a claim is planned again if other clients change the key meanwhile. Then the caller should pause. */
const MAX_ATTEMPTS = 5

/** The state of one lock, as it was read for one session. */
interface LockState {
  readonly name: string
  readonly slots: number
  readonly lease: string
  /** The key that records the holders. */
  readonly lock: FlaggedEntry | undefined
  /** The sessions that hold their own key. A holder without its own key is gone. */
  readonly contenders: ReadonlySet<string>
}

/**
 * Locks and semaphores in the layout of `consul lock` and `consul lock -n`: the key `.lock` is bound to the session
 * that holds the lock, or lists the sessions that do. Every change is one transaction, with the precondition that the
 * key is unchanged since it was read.
 */
export class Claims implements Claimable {
  readonly #store: Store
  readonly #leases: Leases

  constructor(store: Store, leases: Leases) {
    this.#store = store
    this.#leases = leases
  }

  async claim(
    name: string,
    slots: number,
    lease: string,
    options: CallOptions = {},
  ): Promise<ClaimResult> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const seen = await this.#see(name, slots, lease, options)
      if (!seen.contenders.has(lease)) throw new LeaseGoneError(lease)
      const key = lockKey(seen)
      const verdict = judge(seen)
      if (verdict === 'own') return { outcome: 'ok', token: seen.lock?.modRevision ?? 0, key }
      if (verdict !== 'free') return { outcome: verdict }
      const result = await this.#change(seen, taking(seen), options)
      if (result.outcome === 'ok') return { outcome: 'ok', token: result.revision, key }
      if (result.outcome === 'delayed') return result
    }
    return { outcome: 'delayed' }
  }

  async claimed(
    name: string,
    slots: number,
    lease: string,
    options: CallOptions = {},
  ): Promise<boolean> {
    return judge(await this.#see(name, slots, lease, options)) === 'own'
  }

  /** The last holder removes the key, as `consul lock` does: nothing stays that a later holder could conflict with. */
  async release(
    name: string,
    slots: number,
    lease: string,
    options: CallOptions = {},
  ): Promise<void> {
    const { address, limit } = this.#store.connection
    for (const giveUp = now() + limit; now() < giveUp; ) {
      const seen = await this.#see(name, slots, lease, options)
      if (judge(seen) !== 'own') return
      if ((await this.#change(seen, leaving(seen), options)).outcome === 'ok') return
    }
    throw new UnavailableError(`${address} is too busy: ${name} was not released`)
  }

  async #see(name: string, slots: number, lease: string, options: CallOptions): Promise<LockState> {
    const items = await this.#store.items(`${name}/`, options)
    const lock = items.find(({ key }) => key === `${name}/.lock`)
    const own = items.filter((item) => item.lease && item.key === `${name}/${item.lease}`)
    const contenders = new Set(own.flatMap((item) => item.lease ?? []))
    return { name, slots, lease, lock, contenders }
  }

  /** A put also requires that the session still holds its own key, because it may have ended since the key was read. */
  #change(seen: LockState, write: FlaggedWrite, options: CallOptions) {
    const key = lockKey(seen)
    const asRead = seen.lock ? unchanged(key, seen.lock.modRevision) : absent(key)
    const contender = heldBy(`${seen.name}/${seen.lease}`, seen.lease)
    const preconditions = write.kind === 'put' ? [asRead, contender] : [asRead]
    return new Commit(this.#store, this.#leases, preconditions, [write]).run(options)
  }
}

const lockKey = ({ name }: Pick<LockState, 'name'>): string => `${name}/.lock`

const judge = (seen: LockState): 'own' | 'free' | 'held' | 'conflict' => {
  const { lock } = seen
  if (!lock || isAbandoned(lock, seen)) return 'free'
  return seen.slots === 1 ? judgeLock(lock, seen) : judgeSemaphore(lock, seen)
}

/** A key whose holders have all died blocks no session, whatever number of slots it names. */
const isAbandoned = (lock: FlaggedEntry, seen: LockState): boolean =>
  hasFlags(lock, LOCK_FLAGS)
    ? lock.lease === undefined
    : decodeSemaphore(lock) !== undefined && livingHolders(seen).length === 0

const judgeLock = (lock: FlaggedEntry, { lease }: LockState) => {
  if (!hasFlags(lock, LOCK_FLAGS)) return 'conflict'
  return lock.lease === lease ? 'own' : 'held'
}

const judgeSemaphore = (lock: FlaggedEntry, seen: LockState) => {
  const { slots, lease } = seen
  if (decodeSemaphore(lock)?.limit !== slots) return 'conflict'
  const holders = livingHolders(seen)
  if (holders.includes(lease)) return 'own'
  return holders.length < slots ? 'free' : 'held'
}

const livingHolders = ({ lock, contenders }: LockState): string[] => {
  const holders = (lock && decodeSemaphore(lock)?.holders) ?? []
  return holders.filter((holder) => contenders.has(holder))
}

const taking = (seen: LockState): FlaggedWrite =>
  seen.slots === 1
    ? { ...putHeld(lockKey(seen), '', seen.lease), flags: LOCK_FLAGS }
    : listing(seen, [...livingHolders(seen), seen.lease])

const leaving = (seen: LockState): FlaggedWrite => {
  const others = livingHolders(seen).filter((holder) => holder !== seen.lease)
  return others.length === 0 ? remove(lockKey(seen)) : listing(seen, others)
}

const listing = (seen: LockState, holders: readonly string[]): FlaggedWrite => {
  const value = encodeSemaphore({ limit: seen.slots, holders })
  return { ...put(lockKey(seen), value), flags: SEMAPHORE_FLAGS }
}
