import type { Entry } from '../backends/backend.ts'
import { backoff } from '../backoff.ts'
import {
  CoordinationError,
  describe,
  IndeterminateError,
  TimeoutError,
  UnavailableError,
} from '../errors.ts'
import { lastLook } from './last-look.ts'
import { type EnterOptions, Place } from './place.ts'
import { type Queue, readMembers, refusal } from './queue.ts'
import { atDeadline, undoing } from './retry.ts'
import { describeHolder, holderOf } from './session-record.ts'

export interface TurnOptions extends EnterOptions {
  /** Rejects with a NoError instead of waiting. */
  readonly try?: boolean | undefined
  /** Told of the own key when a place has been taken: again after a loss. */
  readonly onQueued?: ((key: string) => void) | undefined
  /** Told when others hold, so that there is time until the turn comes. */
  readonly onWaiting?: (() => void) | undefined
  /** Told who holds while others are waited for, and each time that it is somebody else. */
  readonly onHolder?: ((holder: string) => void) | undefined
  /** Told when a place was lost while waiting, and a new one is taken at the end of the line. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/**
 * Queues until it is the caller's turn, and then does the last step, which undoes what it did where it fails. A place that is lost meanwhile is given up, and
 * another one taken with a new session. However it fails, nothing of it stays in the queue.
 * @throws NoError with `try`, others hold.
 * @throws TimeoutError, or what kept the store out of reach at the deadline.
 */
export const takeTurn = async <T>(
  queue: Queue,
  options: TurnOptions & { readonly signal: AbortSignal },
  last: (place: Place, own: Entry) => Promise<T>,
): Promise<T> => {
  const { signal, onTrouble } = options
  if (options.try) await requireRoom(queue, signal)
  for (const pause of backoff()) {
    try {
      return await attempt(queue, options, last)
    } catch (error) {
      if (signal.aborted) throw await whenEnded(queue, undefined, error, signal)
      if (!isLoss(error)) throw error
      onTrouble?.(`${describe(error)}; queueing again`)
    }
    await pause(signal)
  }
  throw new Error('a backoff never ends')
}

const attempt = async <T>(
  queue: Queue,
  options: TurnOptions & { readonly signal: AbortSignal },
  last: (place: Place, own: Entry) => Promise<T>,
): Promise<T> => {
  const place = await Place.enter(queue, options)
  const waiting = new Waiting(queue, place, options)
  try {
    const { signal } = options
    options.onQueued?.(place.key)
    const own = await (options.try
      ? place.turnNow(signal)
      : place.turn(signal, () => waiting.begin()))
    place.requireStanding(signal)
    const result = await last(place, own)
    place.requireStanding(signal)
    return result
  } catch (error) {
    const { signal } = options
    const told = signal.aborted ? whenEnded(queue, place, error, signal) : error
    await place.leave(undoing(signal))
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
  readonly #place: Place
  readonly #options: TurnOptions
  #over: AbortController | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(queue: Queue, place: Place, options: TurnOptions) {
    this.#queue = queue
    this.#place = place
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
    const { tellHolder } = await import('./holder.ts')
    await tellHolder(this.#queue, this.#place.key, onHolder, over.signal)
  }
}

/** Nobody is to be kept waiting by one who only tries. */
const requireRoom = async (queue: Queue, signal: AbortSignal): Promise<void> => {
  const members = await readMembers(queue, signal)
  queue.check?.(members)
  if (members.length >= queue.slots) throw await refusal(queue, signal)
}

/** An entry whose commit was not answered was given up with its session: whether it was made matters no more. */
const isLoss = (error: unknown): boolean =>
  error instanceof CoordinationError && (error.kind === 'lost' || error.kind === 'indeterminate')

/** The error of a wait that was ended from outside. Never rejects. */
const whenEnded = async (
  queue: Queue,
  place: Place | undefined,
  error: unknown,
  { reason }: AbortSignal,
): Promise<unknown> => {
  if (!(reason instanceof TimeoutError)) return reason
  if (error instanceof IndeterminateError) return atDeadline(reason)
  const away = error instanceof UnavailableError && error.retryable
  if (error !== reason && !isLoss(error) && !away) return error
  // Whether it is out of reach at the deadline, not whether it was before.
  return timedOut(queue, place, reason).catch((unreachable) => (away ? error : unreachable))
}

/** @throws UnavailableError the store is out of reach. */
const timedOut = async (
  queue: Queue,
  place: Place | undefined,
  reason: TimeoutError,
): Promise<TimeoutError> => {
  const counts = (entry: Entry) => entry.key !== place?.key && (queue.counts?.(entry) ?? true)
  const [head] = await lastLook(reason, (signal) => readMembers({ ...queue, counts }, signal))
  // That it has answered decides; who it is, is told if there is time.
  const holder = await lastLook(reason, (signal) => holderOf(queue.space, head, { signal })).catch(
    () => ({ held: true }),
  )
  const why = `held by ${describeHolder(holder)}`
  return new TimeoutError(`${reason.message}: ${queue.name} is ${why}`, {
    pending: [{ target: queue.name, reason: why }],
    cause: reason,
  })
}
