import type { Command } from '../backends/process-identity.ts'
import { untilAborted } from '../base/abort.ts'
import { LostError } from '../base/errors.ts'
import { KeptOwnership } from './core/kept-ownership.ts'
import type { Namespace } from './core/namespace.ts'
import type { SessionOptions } from './core/session.ts'
import { Hold } from './hold.ts'

export interface MembershipOptions extends SessionOptions {
  /** Told when the session was lost, and of each failed attempt to join again. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** A key that stays held as long as this process wants: when the session is lost it is held anew with another one. */
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

  /** Joins; throws as `Hold.take` does. */
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

  /** As of a hold. */
  get remains(): number {
    return this.#hold.remains
  }

  /** Where the store sees processes die: the key stays while COMMAND lives, too, whichever session holds it. */
  include(describe: () => Command): Promise<void> {
    this.#command = describe
    return this.#hold.include(describe)
  }

  /** Changes the state; after a loss it is what the key is held in again. */
  async setState(state: string): Promise<void> {
    this.#state = state
    const { ended } = this.#kept
    for (;;) {
      try {
        return await this.#hold.setState(state, ended)
      } catch (error) {
        if (ended.aborted || !(error instanceof LostError)) throw error
        // The join may have begun with the state of before.
        await this.#kept.taken
      }
    }
  }

  /**
   * Gives the key up, with a final state for good. Waits for a join that is under way only if there is one.
   * @throws what kept it from joining again until the signal aborted; the final state was not set.
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
