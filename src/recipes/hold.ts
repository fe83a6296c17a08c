import type { Entry, Write } from '../backends/backend.ts'
import { put, putDetached, putHeld } from '../backends/operations.ts'
import type { Command } from '../backends/process-identity.ts'
import { LostError, NoError } from '../errors.ts'
import { applyChange } from './change.ts'
import { checkState } from './keys.ts'
import { undoing } from './retry.ts'
import { Session, type SessionOptions } from './session.ts'
import { describeHolder, holderOf, newRecord, sessionKey } from './session-record.ts'
import { keyIn, type Space } from './space.ts'

export interface HoldOptions extends SessionOptions {
  /** A hold of ours that was lost, whose session the store may not have ended yet. */
  readonly instead?: Hold | undefined
  /** What is included from the beginning. */
  readonly command?: (() => Command) | undefined
}

/** A key that is held while this process lives: it goes with its session. */
export class Hold {
  readonly #space: Space
  readonly #key: string
  readonly #session: Session
  readonly #watching = new AbortController()

  private constructor(space: Space, key: string, session: Session) {
    this.#space = space
    this.#key = key
    this.#session = session
    void this.#watch()
  }

  /**
   * Takes a key that no living session holds, and sets its state.
   * @throws NoError another session holds it; that one is untouched.
   * @throws UnavailableError the store was out of reach until the options' signal aborted.
   */
  static async take(
    space: Space,
    name: string,
    state: string,
    options: HoldOptions = {},
  ): Promise<Hold> {
    const key = keyIn(space, 'signal', name)
    checkState(state)
    const session = await Session.open(space.backend, options)
    try {
      if (options.command) await session.include(options.command)
      await acquire(space, name, session, state, options)
      // An answer may come after the time for which the session was granted.
      session.requireLive()
      return new Hold(space, key, session)
    } catch (error) {
      await session.close(undoing(options.signal))
      throw error
    }
  }

  /** Milliseconds within which the key goes if this process dies (twice that where the backend says so). */
  get ttl(): number {
    return this.#session.ttl
  }

  /** Whether an entry belongs to this hold's session. */
  heldIn(entry: Entry | undefined): boolean {
    return entry?.session === this.#session.id
  }

  /** Aborts when the session will be lost unless a renewal succeeds soon. */
  get expiring(): AbortSignal {
    return this.#session.expiring
  }

  /** Aborts when the key is not held any more: not renewed, revoked, or taken away from outside. */
  get lost(): AbortSignal {
    return this.#session.lost
  }

  /** After `release`: for so many milliseconds at most the key stays, as the store did not answer. */
  get remains(): number {
    return this.#session.remains
  }

  /** Where the store sees processes die: the key stays while COMMAND lives, too. */
  include(describe: () => Command): Promise<void> {
    return this.#session.include(describe)
  }

  /** After a loss: holds on to the key while the store has not ended the session, until `release`. */
  linger(): Promise<void> {
    return this.#session.linger()
  }

  /**
   * Changes the state.
   * @throws LostError the key is not held any more.
   */
  setState(state: string, signal?: AbortSignal): Promise<void> {
    checkState(state)
    return this.#change(state, put(this.#key, state), signal)
  }

  /**
   * Gives the key up; with a final state it stays, sticky, in that state. With a signal, `release` tries until the store
   * has answered or the signal aborts.
   * @throws what kept the final state from being set. Without a final state it never rejects.
   */
  async release(final?: string, signal?: AbortSignal): Promise<void> {
    this.#watching.abort()
    try {
      if (final !== undefined) await this.#change(final, putDetached(this.#key, final), signal)
    } finally {
      await this.#session.close(signal)
    }
  }

  /** A write that only the holder may make, made once. */
  async #change(state: string, write: Write, signal: AbortSignal | undefined): Promise<void> {
    const plan = async (entry: Entry | undefined) => {
      if (entry?.session !== this.#session.id) throw this.#gone()
      return { writes: [write], answer: undefined }
    }
    const appliedTo = (entry: Entry | undefined) =>
      entry !== undefined && Buffer.from(entry.value).toString() === state
    await applyChange(this.#space.backend, { key: this.#key, plan, appliedTo }, { signal })
  }

  /** Seen before the watch tells of it. */
  #gone(): LostError {
    const error = new LostError('the key is no longer held')
    this.#session.lose(error.message)
    return error
  }

  /** The lease may live on while the key was deleted or taken over from outside. */
  async #watch(): Promise<void> {
    const signal = AbortSignal.any([this.#watching.signal, this.lost])
    try {
      for await (const event of this.#space.backend.watch(this.#key, signal)) {
        const change = event.kind === 'snapshot' ? event.entries[0] : lastOf(event)
        if (event.kind !== 'interrupted' && change?.session !== this.#session.id) {
          this.#session.lose(
            'key lost: it was changed or deleted by another client, or the store was emptied',
          )
        }
      }
    } catch {
      // The watch was ended; if the store refuses us, renewals fail too.
    }
  }
}

const lastOf = (event: { kind: string; changes?: readonly unknown[] }): Entry | undefined => {
  const change = event.changes?.at(-1) as { entry?: Entry } | undefined
  return change?.entry
}

const acquire = async (
  space: Space,
  name: string,
  session: Session,
  state: string,
  { signal, instead }: HoldOptions,
): Promise<void> => {
  const key = keyIn(space, 'signal', name)
  const writes = [
    putHeld(sessionKey(space, session.id), newRecord('hold', space), session.id),
    putHeld(key, state, session.id),
  ]
  const plan = async (entry: Entry | undefined) => {
    const holder = await holderOf(space, entry, { signal })
    if (holder.held && !instead?.heldIn(entry)) {
      throw new NoError(`${name} is held by ${describeHolder(holder)}`)
    }
    return { writes, answer: undefined }
  }
  const appliedTo = (entry: Entry | undefined) => entry?.session === session.id
  await applyChange(space.backend, { key, plan, appliedTo }, { signal })
}
