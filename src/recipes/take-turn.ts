import type { Entry } from '../backends/backend.ts'
import { backoff } from '../backoff.ts'
import { CoordinationError, describe, IndeterminateError, TimeoutError } from '../errors.ts'
import { afterwards } from './deadline.ts'
import { type EnterOptions, Place } from './place.ts'
import { describeHead, type Queue, readMembers, refusal } from './queue.ts'
import { atDeadline, undoing } from './retry.ts'

export interface TurnOptions extends EnterOptions {
  /** Rejects with a NoError instead of waiting. */
  readonly try?: boolean | undefined
  /** Told of the own key when a place has been taken: again after a loss. */
  readonly onQueued?: ((key: string) => void) | undefined
  /** Told when others hold, so that there is time until the turn comes. */
  readonly onWaiting?: (() => void) | undefined
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
  try {
    const { signal } = options
    options.onQueued?.(place.key)
    const own = await (options.try ? place.turnNow(signal) : place.turn(signal, options.onWaiting))
    place.requireStanding(signal)
    const result = await last(place, own)
    place.requireStanding(signal)
    return result
  } catch (error) {
    const { signal } = options
    const told = signal.aborted ? whenEnded(queue, place, error, signal) : error
    await place.leave(undoing(signal))
    throw await told
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

/** How long (milliseconds) the lookup of the holder may take after a timeout. */
const LOOK = 800

/** The error of a wait that was ended from outside. Never rejects. */
const whenEnded = async (
  queue: Queue,
  place: Place | undefined,
  error: unknown,
  { reason }: AbortSignal,
): Promise<unknown> => {
  if (!(reason instanceof TimeoutError)) return reason
  if (error instanceof IndeterminateError) return atDeadline(reason)
  return error === reason || isLoss(error) ? timedOut(queue, place, reason) : error
}

const timedOut = async (
  queue: Queue,
  place: Place | undefined,
  reason: TimeoutError,
): Promise<TimeoutError> => {
  const counts = (entry: Entry) => entry.key !== place?.key && (queue.counts?.(entry) ?? true)
  const others = { ...queue, counts }
  const head = await describeHead(others, afterwards(reason, LOOK)).catch(() => undefined)
  const why = `held by ${head ?? 'another session'}`
  return new TimeoutError(`${reason.message}: ${queue.name} is ${why}`, {
    pending: [{ target: queue.name, reason: why }],
    cause: reason,
  })
}
