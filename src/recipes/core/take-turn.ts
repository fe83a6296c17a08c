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
  /** Told of the own key when it has entered the queue: again after a loss. */
  readonly onQueued?: ((key: string) => void) | undefined
  /** Told when others hold, so that there is time until the turn comes. */
  readonly onWaiting?: (() => void) | undefined
  /** Told who holds while others are waited for, and each time that it is somebody else. */
  readonly onHolder?: ((holder: string) => void) | undefined
  /** Told when the entry was lost while waiting, and a new one is made at the end of the queue. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/**
 * Queues until it is the caller's turn, and then does the last step, which undoes what it did where it fails. An entry that is lost
 * meanwhile is given up, and another one is made with a new session. However it fails, nothing of it stays in the queue.
 * @throws NoError with `try`, others hold.
 * @throws TimeoutError, or what kept the store out of reach at the deadline.
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

/** Who waits for less (milliseconds) is not told who holds. */
const TOLD_AFTER = 500

/** What is told while others hold. */
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

/** Nobody is to be kept waiting by one who only tries. */
const requireRoom = async (queue: Queue, signal: AbortSignal): Promise<void> => {
  const members = await readMembers(queue, signal)
  queue.check?.(members)
  const value = Buffer.from(queue.value)
  if (!queue.holds({ value }, members)) throw await refusal(queue, signal)
}

/** An entry whose commit was not answered was given up with its session: whether it was made matters no more. */
const isLoss = (error: unknown): boolean =>
  error instanceof CoordinationError && (error.kind === 'lost' || error.kind === 'indeterminate')

/** The error of a wait that was ended from outside. Never rejects. */
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
  // Whether it is out of reach at the deadline, not whether it was before.
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
  // That it has answered decides; who it is, is told if there is time.
  const holder = await lastCheck(reason, (signal) =>
    holderOf(queue.namespace, head, { signal }),
  ).catch(() => ({ held: true }))
  const why = `held by ${describeHolder(holder)}`
  return new TimeoutError(`${reason.message}: ${queue.name} is ${why}`, {
    pending: [{ target: queue.name, reason: why }],
    cause: reason,
  })
}
