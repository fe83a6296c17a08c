import type { Entry, Lease, Write } from '../../backends/backend.ts'
import { heldBy, putDetached, remove } from '../../backends/operations.ts'
import { IndeterminateError, LostError, NoError } from '../../base/errors.ts'
import { eitherSignal } from '../../base/waiting-mark.ts'
import { commitChange } from '../core/commit.ts'
import { withDeadline } from '../core/deadline.ts'
import { keyIn, type Namespace } from '../core/namespace.ts'
import { MUTEX, type Queue } from '../core/queue.ts'
import { type QueueEntry, QueueOwnership } from '../core/queue-entry.ts'
import { cleanupSignal, retryUntilAvailable } from '../core/retry.ts'
import { boundWrites } from '../core/session-record.ts'
import { type TurnOptions, takeTurn } from '../core/take-turn.ts'
import { checkTtl } from '../core/ttl.ts'
import { until } from '../core/until.ts'
import { type OnceRecord, onceRecord, parseOnceRecord } from './once-record.ts'

export interface OnceOptions extends TurnOptions {
  /** Milliseconds to wait. 0 or absent: no limit. */
  readonly timeout?: number | undefined
  /** Milliseconds after which the step may be done again. Raised to the backend's minimum. Default: never. */
  readonly expire?: number | undefined
}

/**
 * The right to do a step that is done once. It ends when its owner records that the step is done, gives up the right,
 * or dies.
 */
export class Turn extends QueueOwnership {
  readonly #record: string
  readonly #expire: number | undefined

  private constructor(queue: Queue, entry: QueueEntry, own: Entry, expire: number | undefined) {
    super(entry, own.createRevision)
    this.#record = recordKey(queue)
    this.#expire = expire
  }

  /**
   * Waits until it is the caller's turn. Resolves to `undefined` if another process has done the step.
   * @throws NoError with `try`, another process is doing the step now.
   * @throws TimeoutError, UnavailableError at the deadline. The queue entry is given up.
   */
  static take(
    namespace: Namespace,
    name: string,
    options: OnceOptions = {},
  ): Promise<Turn | undefined> {
    const queue: Queue = { namespace, kind: 'once', name, value: '', ...MUTEX }
    recordKey(queue)
    // A wrong value is reported now, and not only after the step is done.
    if (options.expire !== undefined) checkTtl(options.expire, namespace.backend.traits)
    return withDeadline(options, async (signal) => {
      if (await isDone(queue, signal)) return undefined
      return unlessDone(queue, signal, (either) =>
        Turn.#queue(queue, { ...options, signal: either }),
      )
    })
  }

  static #queue(
    queue: Queue,
    options: OnceOptions & { readonly signal: AbortSignal },
  ): Promise<Turn> {
    return takeTurn(queue, options, async (entry, own) => {
      if (await isDone(queue, options.signal)) throw DONE
      return new Turn(queue, entry, own, options.expire)
    })
  }

  /**
   * Records that the step is done, in one commit with the end of the turn. Tries until the turn is lost or the signal
   * aborts.
   * @throws LostError the turn was lost before, and another process may do the step again.
   * @throws IndeterminateError no answer came in time, so it is unknown whether the record was made.
   * @throws UnavailableError the store was out of reach until the signal aborted. The record was not made.
   */
  async done(signal?: AbortSignal): Promise<void> {
    this.stopWatching()
    const end = signal ? AbortSignal.any([this.lost, signal]) : this.lost
    const lease = await this.#lease(end)
    try {
      await this.#commit(this.#writes(lease), end)
    } catch (error) {
      if (lease && !(error instanceof IndeterminateError)) await this.#revoke(lease)
      throw error
    }
  }

  async #lease(signal: AbortSignal): Promise<Lease | undefined> {
    const { backend } = this.parts.namespace
    const expire = this.#expire
    if (expire === undefined) return undefined
    return retryUntilAvailable({ signal }, () => backend.grant(expire, { signal }))
  }

  #writes(lease: Lease | undefined): Write[] {
    const { namespace, session } = this.parts
    const value = JSON.stringify(onceRecord(session.id))
    const over = remove(this.key)
    if (!lease) return [putDetached(this.#record, value), over]
    return [...boundWrites(namespace, lease.id, this.#record, value, 'expire'), over]
  }

  /** The commit ends the turn, so at most one of several copies is applied. */
  async #commit(writes: readonly Write[], signal: AbortSignal): Promise<void> {
    const { namespace, key, session } = this.parts
    const change = {
      keys: [],
      plan: () => ({ preconditions: [heldBy(key, session.id)], writes, result: undefined }),
      wasApplied: async () => {
        if (await this.#isRecorded(signal)) return 'applied' as const
        throw new LostError(
          `the session was lost before ${this.#record} was set: another process may do the step again`,
        )
      },
    }
    await commitChange(namespace.backend, change, { signal })
  }

  async #isRecorded(signal: AbortSignal): Promise<boolean> {
    const { backend } = this.parts.namespace
    const read = () => backend.get(this.#record, { signal })
    const entry = await retryUntilAvailable({ signal }, read)
    return entry !== undefined && parseOnceRecord(entry).session === this.parts.session.id
  }

  async #revoke({ id }: Lease): Promise<void> {
    await this.parts.namespace.backend.revoke(id, { signal: cleanupSignal() }).catch(() => {})
  }
}

/**
 * The process that has done the step, and the time, as far as the record contains them. `undefined` if there is no
 * record.
 */
export const whoDid = async (
  namespace: Namespace,
  name: string,
  signal: AbortSignal,
): Promise<Partial<OnceRecord> | undefined> => {
  const key = keyIn(namespace, 'once', name)
  const entry = await retryUntilAvailable({ signal }, () => namespace.backend.get(key, { signal }))
  return entry && parseOnceRecord(entry)
}

const DONE = new NoError('it was already done')

const recordKey = ({ namespace, name }: Queue): string => keyIn(namespace, 'once', name)

const isDone = async (queue: Queue, signal: AbortSignal): Promise<boolean> => {
  const { backend } = queue.namespace
  const read = () => backend.get(recordKey(queue), { signal })
  return (await retryUntilAvailable({ signal }, read)) !== undefined
}

/**
 * Ends a wait for the turn as soon as the step is done. The record wakes all waiters at once, not one after the other.
 */
const unlessDone = async (
  queue: Queue,
  signal: AbortSignal,
  body: (signal: AbortSignal) => Promise<Turn>,
): Promise<Turn | undefined> => {
  const done = new AbortController()
  const stop = new AbortController()
  const key = recordKey(queue)
  until(queue.namespace.backend, key, (entries) => entries.has(key), stop.signal).then(
    () => done.abort(DONE),
    () => {}, // The watch was stopped. If the store refuses the watch, the wait for the turn reports it.
  )
  try {
    return await body(eitherSignal(signal, done.signal))
  } catch (error) {
    if (error === DONE) return undefined
    if (error instanceof NoError && (await isDone(queue, signal))) return undefined
    throw error
  } finally {
    stop.abort()
  }
}
