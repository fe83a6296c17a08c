import type { Write } from '../../backends/backend.ts'
import { remove } from '../../backends/operations.ts'
import {
  ConflictError,
  CoordinationError,
  IndeterminateError,
  LeaseGoneError,
  LostError,
  type Pending,
  TimeoutError,
} from '../../base/errors.ts'
import { eitherSignal } from '../../base/waiting-mark.ts'
import type { Namespace } from '../core/namespace.ts'
import { cleanupSignal } from '../core/retry.ts'
import { Session } from '../core/session.ts'
import { boundWrites } from '../core/session-record.ts'
import { Gate, type Head } from './gate.ts'
import type { BarrierOptions } from './options.ts'
import { type Arrival, arrivalKey } from './state.ts'

/** The newest arrival of a party. */
interface OwnArrival {
  readonly key: string
  readonly generation: number
  /** The revision that created the barrier. It changes if the barrier is cleared and created again. */
  readonly life: number
}

/**
 * One party at a barrier. It works in rounds: each round reads the state and takes one step.
 *
 * The commit that advances the barrier's generation decides. It lists the released parties, and its precondition is
 * that the barrier's own key is unchanged. An arrival has the same precondition. A withdrawal, and a second arrival in
 * the same generation, also write the barrier's key, so a release that was planned earlier fails. Each party checks
 * after its arrival whether the number is complete, so at least the last party sees it.
 */
export class Party {
  readonly #namespace: Namespace
  readonly #name: string
  readonly #parties: number
  readonly #options: BarrierOptions
  readonly #gate: Gate
  readonly #sessions = new Set<string>()
  #session: Session | undefined
  #ownArrival: OwnArrival | undefined

  constructor(namespace: Namespace, name: string, parties: number, options: BarrierOptions) {
    this.#namespace = namespace
    this.#name = name
    this.#parties = parties
    this.#options = options
    this.#gate = new Gate(namespace, name)
  }

  /** Resolves to the arrival index. If the signal aborts, the party withdraws, unless it was already released. */
  async meet(signal: AbortSignal): Promise<number> {
    try {
      for (;;) {
        const index = await this.#round(signal)
        if (index !== undefined) return index
      }
    } catch (error) {
      return await this.#giveUp(error, signal)
    } finally {
      await this.#session?.close(cleanupSignal(signal))
    }
  }

  async #round(signal: AbortSignal): Promise<number | undefined> {
    const head = await this.#read(signal)
    const index = this.#indexIn(head)
    if (index !== undefined) return index
    const present = this.#ownArrival ? await this.#gate.arrivals(signal) : []
    this.#requireKnown(head, present)
    const here = present.filter(({ generation }) => generation === head.generation)
    const group = this.#isAmong(here) ? this.#group(here) : undefined
    if (!group) await this.#arrive(head, signal)
    else if (group.length < this.#parties) await this.#wait(head, group, signal)
    else await this.#gate.release(head, group, present, signal)
    return undefined
  }

  /** Reads the barrier. The first party creates it. */
  async #read(signal: AbortSignal): Promise<Head> {
    for (;;) {
      const head = await this.#gate.read(signal)
      if (head) return head
      if (this.#ownArrival) throw this.#cleared()
      await this.#gate.create(signal)
    }
  }

  /** Also finds an index of an earlier session that was lost. */
  #indexIn({ released }: Head): number | undefined {
    const lease = [...this.#sessions].find((id) => Object.hasOwn(released, id))
    return lease === undefined ? undefined : released[lease]
  }

  /** A release drops the indices of earlier releases whose arrivals are gone. Then the result can no longer be read. */
  #requireKnown({ entry, generation }: Head, present: readonly Arrival[]): void {
    const ownArrival = this.#ownArrival
    if (!ownArrival) return
    if (entry.createRevision !== ownArrival.life) throw this.#cleared()
    if (generation < ownArrival.generation + 2) return
    if (present.some(({ key }) => key === ownArrival.key)) return
    throw new LostError(
      `the session was lost, and the barrier ${this.#name} has opened twice since then: the arrival index is unknown`,
    )
  }

  #isAmong(here: readonly Arrival[]): boolean {
    const ownArrival = this.#ownArrival?.key
    return !this.#session?.lost.aborted && here.some(({ key }) => key === ownArrival)
  }

  /** The parties that would be released together. */
  #group(here: readonly Arrival[]): Arrival[] {
    const [first] = here
    if (first && first.parties !== this.#parties) {
      throw new ConflictError(
        `the barrier ${this.#name} has ${first.parties} parties, not ${this.#parties}: write the same number in all processes`,
      )
    }
    return here.filter(({ parties }) => parties === this.#parties).slice(0, this.#parties)
  }

  async #arrive(head: Head, signal: AbortSignal): Promise<void> {
    const session = await this.#living(signal)
    const before = this.#ownArrival
    const key = arrivalKey(this.#gate.key, head.generation, session.id)
    // Recorded before the commit, because an unanswered commit may have been applied.
    this.#ownArrival = { key, generation: head.generation, life: head.entry.createRevision }
    const again = before?.generation === head.generation
    const writes = this.#arrival(key, session, before)
    try {
      const arrived = await this.#gate.enter(head, key, writes, again, signal)
      if (!arrived) this.#ownArrival = before
    } catch (error) {
      if (!(error instanceof LeaseGoneError)) throw error
      this.#ownArrival = before
      session.lose(error.message)
    }
  }

  /** Also removes an earlier arrival of this party. */
  #arrival(key: string, session: Session, before: OwnArrival | undefined): Write[] {
    return [
      ...boundWrites(this.#namespace, session.id, key, String(this.#parties)),
      ...(before && before.key !== key ? [remove(before.key)] : []),
    ]
  }

  async #living(signal: AbortSignal): Promise<Session> {
    if (this.#session && !this.#session.lost.aborted) return this.#session
    await this.#session?.close()
    const { ttl } = this.#options
    this.#session = await Session.open(this.#namespace.backend, { ttl, signal })
    this.#sessions.add(this.#session.id)
    return this.#session
  }

  /** Resolves when the barrier has changed, or when this party's arrival is gone. */
  async #wait(head: Head, here: readonly Arrival[], signal: AbortSignal): Promise<void> {
    const { session, ownArrival } = { session: this.#session, ownArrival: this.#ownArrival }
    if (!session || !ownArrival) throw new Error('a party arrives before it waits')
    this.#options.progress?.([{ ...this.#pending(here), met: false }])
    const over = new AbortController()
    const either = eitherSignal(signal, session.lost, over.signal)
    try {
      await Promise.race([
        this.#gate.untilChanged(head, either),
        this.#gate.untilGone(ownArrival.key, session.id, either),
      ])
    } catch (error) {
      if (signal.aborted || !session.lost.aborted) throw error
    } finally {
      over.abort(new Error('the wait is over'))
    }
  }

  #pending(here: readonly Arrival[]): Pending {
    return { target: this.#name, reason: `has ${here.length} of ${this.#parties} parties` }
  }

  /** The commit of the withdrawal decides whether the party was released before. */
  async #giveUp(error: unknown, signal: AbortSignal): Promise<number> {
    if (!this.#ownArrival || error instanceof LostError) throw error
    const limit = cleanupSignal(signal)
    try {
      const reason = error instanceof TimeoutError ? await this.#explain(error, limit) : error
      const index = await this.#withdraw(limit)
      if (index !== undefined) return index
      error = reason
    } catch (cause) {
      throw this.#uncertain(error, cause)
    }
    throw error
  }

  async #explain(cause: TimeoutError, signal: AbortSignal): Promise<TimeoutError> {
    const generation = this.#ownArrival?.generation
    const arrivals = await this.#gate.arrivals(signal)
    const pending = this.#pending(arrivals.filter((one) => one.generation === generation))
    const message = `${cause.message}: ${this.#name} ${pending.reason}`
    return new TimeoutError(message, { pending: [pending], cause })
  }

  /** Resolves to the arrival index if the party was released before, otherwise to `undefined`. */
  async #withdraw(signal: AbortSignal): Promise<number | undefined> {
    for (;;) {
      const head = await this.#read(signal)
      const index = this.#indexIn(head)
      if (index !== undefined || !this.#ownArrival) return index
      this.#requireKnown(head, await this.#gate.arrivals(signal))
      if (await this.#gate.leave(head, this.#ownArrival.key, signal)) return undefined
    }
  }

  /** After an interrupt, the caller expects no exact result, so the uncertainty is only reported. */
  #uncertain(error: unknown, cause: unknown): unknown {
    if (cause instanceof LostError) return error instanceof CoordinationError ? cause : error
    const sentence = `the barrier ${this.#name} could not be left: this party may be counted until its session ends`
    if (error instanceof CoordinationError)
      return new IndeterminateError(sentence, { cause: error })
    this.#options.onTrouble?.(sentence)
    return error
  }

  #cleared(): LostError {
    return new LostError(`the barrier ${this.#name} was cleared while this party waited`)
  }
}
