import type { Command } from '../backends/process-identity.ts'
import { untilAborted } from '../base/abort.ts'
import { LostError } from '../base/errors.ts'
import { KeptOwnership } from './core/kept-ownership.ts'
import type { Namespace } from './core/namespace.ts'
import type { SessionOptions } from './core/session.ts'
import { Hold } from './hold.ts'

export interface MembershipOptions extends SessionOptions {
  /** Called when the session was lost, and when an attempt to join again fails for a new reason. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** A key that is held until `leave`. If its session is lost, the key is held again with a new session. */
export class Membership {
  readonly #kept: KeptOwnership<Hold>
  #state: string
  #command: (() => Command) | undefined

  private constructor(
    namespace: Namespace,
    name: string,
    state: string,
    hold: Hold,
    options: MembershipOptions,
  ) {
    this.#state = state
    const take = (signal: AbortSignal) => {
      const again = { ...options, signal, instead: this.#hold, command: this.#command }
      return Hold.take(namespace, name, this.#state, again)
    }
    this.#kept = new KeptOwnership(hold, { take, onTrouble: options.onTrouble })
  }

  /** Joins. Throws as `Hold.take` does. */
  static async join(
    namespace: Namespace,
    name: string,
    state: string,
    options: MembershipOptions = {},
  ): Promise<Membership> {
    const hold = await Hold.take(namespace, name, state, options)
    return new Membership(namespace, name, state, hold, options)
  }

  get ttl(): number {
    return this.#hold.ttl
  }

  /** Milliseconds, as for a hold. */
  get remains(): number {
    return this.#hold.remains
  }

  /** If the store sees processes die, the key also stays while COMMAND lives, whichever session holds it. */
  include(describe: () => Command): Promise<void> {
    this.#command = describe
    return this.#hold.include(describe)
  }

  /** Changes the state. After a loss, the key is held again in this state. */
  async setState(state: string): Promise<void> {
    this.#state = state
    const { ended } = this.#kept
    for (;;) {
      try {
        return await this.#hold.setState(state, ended)
      } catch (error) {
        if (ended.aborted || !(error instanceof LostError)) throw error
        // The join that is in progress may have begun with the previous state.
        await this.#kept.taken
      }
    }
  }

  /**
   * Gives up the key. With a final state, the key stays in that state. Waits for a join that is in progress only to set
   * the final state.
   * @throws the error that prevented a new join until the signal aborted. Then the final state was not set.
   */
  async leave(final?: string, signal?: AbortSignal): Promise<void> {
    const late = final !== undefined && (await this.#isLate(signal))
    this.#kept.end(late ? signal?.reason : new LostError('the key was given up'))
    const trouble = await this.#kept.taken.then(
      () => undefined,
      (error) => error,
    )
    await this.#hold.release(late ? undefined : final, signal)
    if (late) throw trouble ?? signal?.reason
  }

  get #hold(): Hold {
    return this.#kept.current
  }

  /** Whether the signal aborts before the key is held again. */
  #isLate(signal: AbortSignal | undefined): Promise<boolean> {
    const joined = this.#kept.taken.then(() => false)
    if (!signal) return joined
    return untilAborted(signal, joined).catch((error) => {
      if (error === signal.reason) return true
      throw error
    })
  }
}
