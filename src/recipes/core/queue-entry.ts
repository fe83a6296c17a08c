import type { Entry } from '../../backends/backend.ts'
import { LostError } from '../../base/errors.ts'
import { eitherSignal } from '../../base/waiting-mark.ts'
import { Ownership, TAKEN, takeOwnership } from './ownership.ts'
import { positionOf, prefixOf, type Queue, readMembers, refusal, whenNearer } from './queue.ts'
import type { SessionOptions } from './session.ts'

export interface EnterOptions extends SessionOptions {
  /** Called with the key of the queue entry before the key is written. */
  readonly onEntering?: ((key: string) => void) | undefined
}

/** An entry in a queue, with a session of its own. */
export class QueueEntry extends Ownership {
  /** Enters a queue at its end. */
  static async enter(queue: Queue, options: EnterOptions): Promise<QueueEntry> {
    const { value, name } = queue
    const owned = { key: (id: string) => prefixOf(queue) + id, value, fresh: true, what: name }
    const taking = { ...options, onTaking: options.onEntering }
    return new QueueEntry(await takeOwnership(queue.namespace, owned, taking))
  }

  override get parts() {
    return super.parts
  }

  /**
   * Waits until the queue entry holds, and resolves to its entry in the store.
   * @throws LostError the lease or the key is gone.
   */
  async turn(queue: Queue, signal: AbortSignal, onWaiting?: () => void): Promise<Entry> {
    const either = eitherSignal(signal, this.lost)
    for (;;) {
      const { own, older } = await this.#check(queue, either)
      if (queue.holds(own, older)) return own
      const nearer = whenNearer(queue, own, older, either)
      onWaiting?.()
      await nearer
    }
  }

  /** @throws NoError other queue entries hold. */
  async turnNow(queue: Queue, signal: AbortSignal): Promise<Entry> {
    const { own, older } = await this.#check(queue, AbortSignal.any([signal, this.lost]))
    if (queue.holds(own, older)) return own
    throw await refusal(queue, signal)
  }

  /**
   * Checks that a result that was read a moment ago may still be acted upon.
   * @throws the signal's reason, or LostError if the session is lost.
   */
  requireStanding(signal: AbortSignal): void {
    signal.throwIfAborted()
    this.parts.session.requireLive()
  }

  /**
   * A queue entry whose lease is gone may still wait, but must never hold. So its key is read again before each
   * verdict.
   */
  async #check(
    queue: Queue,
    signal: AbortSignal,
  ): Promise<{ own: Entry; older: readonly Entry[] }> {
    const { session } = this.parts
    const { own, older } = positionOf(this.key, await readMembers(queue, signal))
    if (!own) session.lose(TAKEN)
    session.requireLive()
    if (!own) throw new LostError(TAKEN)
    queue.check?.(older)
    return { own, older }
  }
}

/** The ownership of a queue entry that holds: a lock, a leadership or a turn. */
export abstract class QueueOwnership extends Ownership {
  /** The fencing token. It is higher than that of every earlier holder. */
  readonly token: number

  protected constructor(entry: QueueEntry, token: number) {
    super(entry.parts)
    this.token = token
  }

  /**
   * Gives up the ownership, and the next queue entry holds. If the store does not answer, this happens when the TTL is
   * over. With a signal, `release` tries until the store has answered or the signal aborts. Never rejects.
   */
  release(signal?: AbortSignal): Promise<void> {
    return this.giveUp(signal)
  }
}
