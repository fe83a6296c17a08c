import type { Entry } from '../backends/backend.ts'
import { isClaimable } from '../backends/operations.ts'
import { ConflictError, UsageError } from '../base/errors.ts'
import { claim, claimNow, giveBack, type Wanted, watchClaim } from './core/claim.ts'
import { withDeadline } from './core/deadline.ts'
import { keyIn, type Namespace } from './core/namespace.ts'
import { type Queue, semaphore } from './core/queue.ts'
import { type QueueEntry, QueueOwnership } from './core/queue-entry.ts'
import { cleanupSignal } from './core/retry.ts'
import { type TurnOptions, takeTurn } from './core/take-turn.ts'

export interface LockOptions extends TurnOptions {
  /** How many processes may hold the lock at once. All processes must give the same number. Default: 1, a mutex. */
  readonly slots?: number | undefined
  /** Milliseconds to wait. 0 or absent: no limit. */
  readonly timeout?: number | undefined
}

/**
 * A mutex, or with several slots a semaphore. It is given to waiters in the order in which they asked, and held while
 * the process lives.
 *
 * The algorithm is that of etcd's `concurrency.Mutex`, and the keys are the same. On Consul, the last step is that of
 * `consul lock`. A lock is advisory. A process that was stopped for longer than its TTL may continue for a moment
 * before it learns that it has lost the lock. A resource that must not be harmed then has to compare the fencing
 * tokens.
 */
export class Lock extends QueueOwnership {
  readonly #claim: Wanted | undefined
  readonly #released = new AbortController()

  private constructor(entry: QueueEntry, token: number, wanted: Wanted | undefined) {
    super(entry, token)
    this.#claim = wanted
  }

  /**
   * Waits for its turn and takes the lock.
   * @throws NoError with `try`, the lock is not free.
   * @throws ConflictError other processes use the lock with another number of slots.
   * @throws TimeoutError, UnavailableError at the deadline. The queue entry is given up.
   */
  static acquire(namespace: Namespace, name: string, options: LockOptions = {}): Promise<Lock> {
    const queue = lockQueue(namespace, name, options.slots)
    return withDeadline(options, (signal) =>
      takeTurn(queue, { ...options, signal }, (entry, own) =>
        Lock.#take(queue, entry, own, { try: options.try, slots: options.slots, signal }),
      ),
    )
  }

  static async #take(
    queue: Queue,
    entry: QueueEntry,
    own: Entry,
    options: Pick<LockOptions, 'try' | 'slots'> & { readonly signal: AbortSignal },
  ): Promise<Lock> {
    const wanted = wantedOf(queue, options.slots, entry)
    if (!wanted) return new Lock(entry, own.createRevision, undefined)
    try {
      const claimed = await (options.try ? claimNow : claim)(wanted, options.signal)
      entry.requireStanding(options.signal)
      const lock = new Lock(entry, claimed.token, wanted)
      void watchClaim(wanted, claimed, lock.#released.signal)
      return lock
    } catch (error) {
      await giveBack(wanted, cleanupSignal(options.signal))
      throw error
    }
  }

  override async release(signal?: AbortSignal): Promise<void> {
    this.#released.abort()
    if (this.#claim) await this.#unclaim(this.#claim, signal)
    await super.release(signal)
  }

  /**
   * The claim of a mutex is removed with its session. A semaphore's list of holders would stay, so the claim is removed
   * from it first.
   */
  async #unclaim(wanted: Wanted, signal?: AbortSignal): Promise<void> {
    if (wanted.slots === 1 || this.lost.aborted) return
    this.stopWatching()
    await giveBack(wanted, signal)
  }
}

const lockQueue = (namespace: Namespace, name: string, slots = 1): Queue => {
  if (!Number.isSafeInteger(slots) || slots < 1)
    throw new UsageError('the number of slots must be an integer of at least 1')
  keyIn(namespace, 'lock', name)
  const check = (older: readonly Entry[]) => {
    for (const entry of older) checkSlots(name, slots, entry)
  }
  // On a backend with claims, the claim decides between rdv and other tools. The other tools' keys are empty, so they
  // are not counted.
  const counts = isClaimable(namespace.backend) ? isOurs : undefined
  return { namespace, kind: 'lock', name, value: String(slots), counts, check, ...semaphore(slots) }
}

const isOurs = ({ value }: Entry): boolean => value.byteLength > 0

/** An empty value is that of etcdctl, which has only mutexes. */
const checkSlots = (name: string, slots: number, { value }: Entry): void => {
  const text = Buffer.from(value).toString()
  const theirs = text === '' ? 1 : /^\d+$/.test(text) ? Number(text) : undefined
  if (theirs === slots) return
  throw new ConflictError(
    theirs === undefined
      ? `the queue of the lock ${name} has an entry of another kind: remove its key, or choose another name`
      : `the lock ${name} has ${theirs} slots, not ${slots}: write the same number in all processes`,
  )
}

const wantedOf = (
  { namespace, name }: Queue,
  slots = 1,
  { parts: { session: lease } }: QueueEntry,
): Wanted | undefined => {
  const { backend } = namespace
  if (!isClaimable(backend)) return undefined
  return { backend, path: keyIn(namespace, 'lock', name), name, slots, lease }
}
