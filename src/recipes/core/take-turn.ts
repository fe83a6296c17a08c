import type { Entry } from '../../backends/backend.ts'
import {
  CoordinationError,
  describe,
  IndeterminateError,
  TimeoutError,
  UnavailableError,
} from '../../base/errors.ts'
import { lastCheck } from './last-check.ts'
import { type Queue, readMembers, refusal } from './queue.ts'
import { type EnterOptions, QueueEntry } from './queue-entry.ts'
import { atDeadline, cleanupSignal, retry } from './retry.ts'
import { describeHolder, holderOf } from './session-record.ts'

export interface TurnOptions extends EnterOptions {
  /** Rejects with a NoError instead of waiting. */
  readonly try?: boolean | undefined
  /** Called with the key of the new queue entry. After a loss, called again with the key of the next one. */
  readonly onQueued?: ((key: string) => void) | undefined
  /** Called when other queue entries hold, so there is time until the turn comes. */
  readonly onWaiting?: (() => void) | undefined
  /** Called with the holder that the caller waits for, and again with each new holder. */
  readonly onHolder?: ((holder: string) => void) | undefined
  /** Called when the queue entry was lost while waiting. A new one is then made at the end of the queue. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/**
 * Queues until it is the caller's turn, and then calls `last`, which must undo its own effects if it fails. If the
 * queue entry is lost, it is given up, and a new one is made with a new session. After a failure, the queue entry is
 * given up, too.
 * @throws NoError with `try`, other queue entries hold.
 * @throws TimeoutError the deadline passed. If the store was out of reach at the deadline, throws the reason for that.
 */
export const takeTurn = async <T>(
  queue: Queue,
  options: TurnOptions & { readonly signal: AbortSignal },
  last: (entry: QueueEntry, own: Entry) => Promise<T>,
): Promise<T> => {
  const { signal, onTrouble } = options
  if (options.try) await requireRoom(queue, signal)
  const unlessLost = async () => {
    try {
      return { result: await attempt(queue, options, last) }
    } catch (error) {
      if (signal.aborted || !isLoss(error)) throw error
      onTrouble?.(`${describe(error)}; queueing again`)
      return undefined
    }
  }
  try {
    return (await retry({ signal }, unlessLost)).result
  } catch (error) {
    throw signal.aborted ? await errorOfEndedWait(queue, undefined, error, signal) : error
  }
}

const attempt = async <T>(
  queue: Queue,
  options: TurnOptions & { readonly signal: AbortSignal },
  last: (entry: QueueEntry, own: Entry) => Promise<T>,
): Promise<T> => {
  const entry = await QueueEntry.enter(queue, options)
  const waiting = new Waiting(queue, entry.key, options)
  try {
    const { signal } = options
    options.onQueued?.(entry.key)
    const own = await (options.try
      ? entry.turnNow(queue, signal)
      : entry.turn(queue, signal, () => waiting.begin()))
    entry.requireStanding(signal)
    const result = await last(entry, own)
    entry.requireStanding(signal)
    return result
  } catch (error) {
    const { signal } = options
    const told = signal.aborted ? errorOfEndedWait(queue, entry.key, error, signal) : error
    await entry.giveUp(cleanupSignal(signal))
    throw await told
  } finally {
    waiting.end()
  }
}

/** Milliseconds. During a shorter wait, the holder is not reported. */
const TOLD_AFTER = 500

/** The reports to the caller while other queue entries hold. */
class Waiting {
  readonly #queue: Queue
  readonly #ownKey: string
  readonly #options: TurnOptions
  #over: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(queue: Queue, ownKey: string, options: TurnOptions) {
    this.#queue = queue
    this.#ownKey = ownKey
    this.#options = options
  }

  begin(): void {
    const { onWaiting, onHolder } = this.#options
    onWaiting?.()
    if (onHolder) this.#timer ??= setTimeout(() => void this.#tell(onHolder), TOLD_AFTER).unref()
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#over?.abort()
  }

  async #tell(onHolder: (holder: string) => void): Promise<void> {
    const over = new AbortController()
    this.#over = over
    const { reportHolder } = await import('./holder.ts')
    await reportHolder(this.#queue, this.#ownKey, onHolder, over.signal)
  }
}

/** With `try`, queues only if the queue entry would hold. Otherwise, other candidates might wait behind it. */
const requireRoom = async (queue: Queue, signal: AbortSignal): Promise<void> => {
  const members = await readMembers(queue, signal)
  queue.check?.(members)
  const value = Buffer.from(queue.value)
  if (!queue.holds({ value }, members)) throw await refusal(queue, signal)
}

/** A queue entry whose commit was not answered is given up with its session, so it does not matter if it was made. */
const isLoss = (error: unknown): boolean =>
  error instanceof CoordinationError && (error.kind === 'lost' || error.kind === 'indeterminate')

/** The error of a wait that the signal ended. Never rejects. */
const errorOfEndedWait = async (
  queue: Queue,
  ownKey: string | undefined,
  error: unknown,
  { reason }: AbortSignal,
): Promise<unknown> => {
  if (!(reason instanceof TimeoutError)) return reason
  if (error instanceof IndeterminateError) return atDeadline(reason)
  const away = error instanceof UnavailableError && error.retryable
  if (error !== reason && !isLoss(error) && !away) return error
  // The store must be out of reach at the deadline. An earlier outage does not count.
  return timedOut(queue, ownKey, reason).catch((unreachable) => (away ? error : unreachable))
}

/** @throws UnavailableError the store is out of reach. */
const timedOut = async (
  queue: Queue,
  ownKey: string | undefined,
  reason: TimeoutError,
): Promise<TimeoutError> => {
  const counts = (entry: Entry) => entry.key !== ownKey && (queue.counts?.(entry) ?? true)
  const [head] = await lastCheck(reason, (signal) => readMembers({ ...queue, counts }, signal))
  // The first answer decides that this is a timeout. The holder is named only if there is time to read it.
  const holder = await lastCheck(reason, (signal) =>
    holderOf(queue.namespace, head, { signal }),
  ).catch(() => ({ held: true }))
  const why = `held by ${describeHolder(holder)}`
  return new TimeoutError(`${reason.message}: ${queue.name} is ${why}`, {
    pending: [{ target: queue.name, reason: why }],
    cause: reason,
  })
}
