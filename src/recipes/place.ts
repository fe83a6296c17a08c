import type { Entry } from '../backends/backend.ts'
import { putHeld } from '../backends/operations.ts'
import { LostError } from '../errors.ts'
import { eitherSignal } from '../waiting-mark.ts'
import { applyChange } from './change.ts'
import { positionOf, prefixOf, type Queue, readMembers, refusal, whenNearer } from './queue.ts'
import { undoing } from './retry.ts'
import { Session, type SessionOptions } from './session.ts'
import { newRecord, sessionKey } from './session-record.ts'
import { until } from './until.ts'

export interface EnterOptions extends SessionOptions {
  /** Told of the own key before anybody can see it. */
  readonly onEntering?: ((key: string) => void) | undefined
}

/** A place in a queue, held by a session of its own. */
export class Place {
  readonly key: string
  readonly session: Session
  readonly #queue: Queue
  readonly #watching = new AbortController()

  private constructor(queue: Queue, session: Session) {
    this.#queue = queue
    this.key = keyOf(queue, session)
    this.session = session
    void this.#watch()
  }

  /** Takes the last place of a queue, in one commit with the record of who queues. */
  static async enter(queue: Queue, options: EnterOptions): Promise<Place> {
    const session = await Session.open(queue.space.backend, options)
    try {
      options.onEntering?.(keyOf(queue, session))
      await enter(queue, session, options.signal)
      return new Place(queue, session)
    } catch (error) {
      await session.close(undoing(options.signal))
      throw error
    }
  }

  /**
   * Waits until the place is one of those that hold: resolves to its entry as it was then.
   * @throws LostError the session or the key has gone meanwhile.
   */
  async turn(signal: AbortSignal, onWaiting?: () => void): Promise<Entry> {
    const either = eitherSignal(signal, this.session.lost)
    for (;;) {
      const { own, older } = await this.#look(either)
      if (older.length < this.#queue.slots) return own
      const nearer = whenNearer(this.#queue, this.key, older, either)
      onWaiting?.()
      await nearer
    }
  }

  /** @throws NoError others hold. */
  async turnNow(signal: AbortSignal): Promise<Entry> {
    const { own, older } = await this.#look(AbortSignal.any([signal, this.session.lost]))
    if (older.length < this.#queue.slots) return own
    throw await refusal(this.#queue, signal)
  }

  /** @throws the signal's reason, or LostError: what was found out a moment ago may not be acted upon any more. */
  requireStanding(signal: AbortSignal): void {
    signal.throwIfAborted()
    this.session.requireLive()
  }

  /** From now on the key may go: its going is no loss any more. */
  settle(): void {
    this.#watching.abort()
  }

  /** Gives the place up: removes the key, if it is still the session's, and ends the session. Never rejects. */
  leave(signal?: AbortSignal): Promise<void> {
    // The watches end when the others are being told already.
    setImmediate(() => this.settle())
    return this.session.close(signal)
  }

  /** A session whose lease has gone may still wait, but never hold: the own key is read again before each verdict. */
  async #look(signal: AbortSignal): Promise<{ own: Entry; older: readonly Entry[] }> {
    const { own, older } = positionOf(this.key, await readMembers(this.#queue, signal))
    if (!own) this.session.lose(GONE)
    this.session.requireLive()
    if (!own) throw new LostError(GONE)
    this.#queue.check?.(older)
    return { own, older }
  }

  /** The lease may live on while the key was deleted or taken over from outside. */
  async #watch(): Promise<void> {
    const { lost, id } = this.session
    const signal = AbortSignal.any([this.#watching.signal, lost])
    const gone = (entries: ReadonlyMap<string, Entry>) => entries.get(this.key)?.session !== id
    try {
      await until(this.#queue.space.backend, this.key, gone, signal)
      this.session.lose(GONE)
    } catch {
      // The watch was ended; if the store refuses us, renewals fail too.
    }
  }
}

const GONE = 'ownership lost: its key was deleted by another client, or the store was emptied'

const keyOf = (queue: Queue, { id }: Session): string => prefixOf(queue) + id

const enter = async (queue: Queue, session: Session, signal: AbortSignal | undefined) => {
  const { space, value } = queue
  const key = keyOf(queue, session)
  const writes = [
    putHeld(sessionKey(space, session.id), newRecord('hold', space), session.id),
    putHeld(key, value, session.id),
  ]
  const plan = async () => ({ writes, answer: undefined })
  const appliedTo = (entry: Entry | undefined) => entry?.session === session.id
  await applyChange(space.backend, { key, plan, appliedTo }, { signal })
}
