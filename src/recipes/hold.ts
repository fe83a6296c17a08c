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
  /** A lost hold of this process whose session the store may not have ended yet. The new hold may replace it. */
  readonly instead?: Hold | undefined
  /** The COMMAND with which the session also lives, from the beginning. */
  readonly command?: (() => Command) | undefined
}

/** A key that is held while this process lives. The key is removed when its session ends. */
export class Hold extends Ownership {
  /**
   * Takes a key that no living session holds, and sets its state.
   * @throws NoError another session holds the key. That session is not affected.
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
   * @throws LostError the key is no longer held.
   */
  setState(state: string, signal?: AbortSignal): Promise<void> {
    checkState(state)
    return this.#change(state, put(this.key, state), signal)
  }

  /**
   * Gives up the key. With a final state, the key stays, sticky, in that state. With a signal, tries until the store
   * has answered or the signal aborts.
   * @throws the error that prevented the final state. Without a final state, never rejects.
   */
  async release(final?: string, signal?: AbortSignal): Promise<void> {
    this.stopWatching()
    try {
      if (final !== undefined) await this.#change(final, putDetached(this.key, final), signal)
    } finally {
      await this.giveUp(signal)
    }
  }

  /** Makes a write once, as the holder. */
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

  /** The loss is seen here before the watch reports it. */
  #gone(): LostError {
    const error = new LostError('the key is no longer held')
    this.parts.session.lose(error.message)
    return error
  }
}
