import type { Entry, Write } from '../backends/backend.ts'
import { put, putDetached } from '../backends/operations.ts'
import type { Command } from '../backends/process-identity.ts'
import { LostError } from '../base/errors.ts'
import { changeKey } from './core/commit.ts'
import { checkState } from './core/keys.ts'
import { keyIn, type Namespace } from './core/namespace.ts'
import { Ownership, takeOwnership } from './core/ownership.ts'
import type { SessionOptions } from './core/session.ts'

export interface HoldOptions extends SessionOptions {
  /** A hold of ours that was lost, whose session the store may not have ended yet. */
  readonly instead?: Hold | undefined
  /** What is included from the beginning. */
  readonly command?: (() => Command) | undefined
}

/** A key that is held while this process lives: it goes with its session. */
export class Hold extends Ownership {
  /**
   * Takes a key that no living session holds, and sets its state.
   * @throws NoError another session holds it; that one is untouched.
   * @throws UnavailableError the store was out of reach until the options' signal aborted.
   */
  static async take(
    namespace: Namespace,
    name: string,
    state: string,
    { instead, ...options }: HoldOptions = {},
  ): Promise<Hold> {
    const key = keyIn(namespace, 'signal', name)
    checkState(state)
    const owned = { key: () => key, value: state, fresh: !instead, what: name }
    const previous = new Set(instead && [instead.parts.session.id])
    return new Hold(await takeOwnership(namespace, owned, { ...options, previous }))
  }

  /**
   * Changes the state.
   * @throws LostError the key is not held any more.
   */
  setState(state: string, signal?: AbortSignal): Promise<void> {
    checkState(state)
    return this.#change(state, put(this.key, state), signal)
  }

  /**
   * Gives the key up; with a final state it stays, sticky, in that state. With a signal, it tries until the store has answered
   * or the signal aborts.
   * @throws what kept the final state from being set. Without a final state it never rejects.
   */
  async release(final?: string, signal?: AbortSignal): Promise<void> {
    this.stopWatching()
    try {
      if (final !== undefined) await this.#change(final, putDetached(this.key, final), signal)
    } finally {
      await this.giveUp(signal)
    }
  }

  /** A write that only the holder may make, made once. */
  async #change(state: string, write: Write, signal: AbortSignal | undefined): Promise<void> {
    const { namespace, key, session } = this.parts
    const plan = async (entry: Entry | undefined) => {
      if (entry?.lease !== session.id) throw this.#gone()
      return { writes: [write], result: undefined }
    }
    const appliedTo = (entry: Entry | undefined) =>
      entry !== undefined && Buffer.from(entry.value).toString() === state
    await changeKey(namespace.backend, { key, plan, appliedTo }, { signal })
  }

  /** Seen before the watch tells of it. */
  #gone(): LostError {
    const error = new LostError('the key is no longer held')
    this.parts.session.lose(error.message)
    return error
  }
}
