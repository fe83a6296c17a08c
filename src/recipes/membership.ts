import { aborted } from '../aborted.ts'
import type { Command } from '../backends/process-identity.ts'
import { backoff } from '../backoff.ts'
import { describe, LostError } from '../errors.ts'
import { Hold } from './hold.ts'
import type { SessionOptions } from './session.ts'
import type { Space } from './space.ts'

export interface MembershipOptions extends SessionOptions {
  /** Told when the session was lost, and of each failed attempt to join again. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/** A key that stays held as long as this process wants: when the session is lost it is held anew with another one. */
export class Membership {
  readonly #space: Space
  readonly #name: string
  readonly #options: MembershipOptions
  readonly #leaving = new AbortController()
  #hold: Hold
  #state: string
  #command: (() => Command) | undefined
  /** Settled while the key is held. */
  #joined: Promise<void> = Promise.resolve()

  private constructor(
    space: Space,
    name: string,
    state: string,
    hold: Hold,
    options: MembershipOptions,
  ) {
    this.#space = space
    this.#name = name
    this.#state = state
    this.#hold = hold
    this.#options = options
    this.#rejoinWhenLost()
  }

  /** Joins; throws as `Hold.take` does. */
  static async join(
    space: Space,
    name: string,
    state: string,
    options: MembershipOptions = {},
  ): Promise<Membership> {
    const hold = await Hold.take(space, name, state, options)
    return new Membership(space, name, state, hold, options)
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
    for (;;) {
      try {
        return await this.#hold.setState(state, this.#leaving.signal)
      } catch (error) {
        if (this.#leaving.signal.aborted || !(error instanceof LostError)) throw error
        // The join may have begun with the state of before.
        await this.#joined
      }
    }
  }

  /**
   * Gives the key up, with a final state for good. Waits for a join that is under way only if there is one.
   * @throws what kept it from joining again until the signal aborted; the final state was not set.
   */
  async leave(final?: string, signal?: AbortSignal): Promise<void> {
    const late = final !== undefined && (await this.#isLate(signal))
    this.#leaving.abort(late ? signal?.reason : new LostError('the key was given up'))
    const trouble = await this.#joined.catch((error) => error)
    await this.#hold.release(late ? undefined : final, signal)
    if (late) throw trouble ?? signal?.reason
  }

  /** Whether the signal aborts before the key is held again. */
  #isLate(signal: AbortSignal | undefined): Promise<boolean> {
    const joined = this.#joined.then(() => false)
    return signal ? Promise.race([joined, aborted(signal).catch(() => true)]) : joined
  }

  #rejoinWhenLost(): void {
    const { lost } = this.#hold
    const rejoin = () => {
      if (this.#leaving.signal.aborted) return
      this.#options.onTrouble?.(`${describe(lost.reason)}; joining again`)
      this.#joined = this.#rejoin()
      this.#joined.catch(() => {})
    }
    lost.addEventListener('abort', rejoin, { once: true })
    if (lost.aborted) rejoin()
  }

  async #rejoin(): Promise<void> {
    const { signal } = this.#leaving
    const previous = this.#hold
    await previous.release()
    let trouble: unknown
    for (const pause of backoff()) {
      if (signal.aborted) throw trouble ?? signal.reason
      try {
        const options = { ...this.#options, signal, instead: previous, command: this.#command }
        this.#hold = await Hold.take(this.#space, this.#name, this.#state, options)
        return this.#rejoinWhenLost()
      } catch (error) {
        if (signal.aborted) throw error
        if (describe(error) !== describe(trouble)) this.#options.onTrouble?.(describe(error))
        trouble = error
      }
      await pause(signal)
    }
  }
}
