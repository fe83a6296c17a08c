import type { Entry, Write } from '../../backends/backend.ts'
import { heldBy, putHeld } from '../../backends/operations.ts'
import { backoff } from '../../backoff.ts'
import { describe, IndeterminateError, LeaseGoneError, NoError } from '../../errors.ts'
import { applyChange } from '../change.ts'
import { undoing, whenAvailable } from '../retry.ts'
import { describeRemains, Session } from '../session.ts'
import { describeHolder, holderOf, newRecord, sessionKey } from '../session-record.ts'
import type { Space } from '../space.ts'
import { follow } from '../view.ts'

export interface RegistrationOptions {
  /** Milliseconds until the keys go when this process dies. */
  readonly ttl?: number | undefined
  readonly signal: AbortSignal
  /** Told when the session was lost, and of each failed attempt to join again. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
  /** The key that only one may hold at a time: of this session, where the name depends on it. */
  key(session: string): string
  /** Its value. */
  readonly value: string
  /** What to call it in messages. */
  readonly what: string
}

/**
 * A key that is held while this process wants, and others beside it: when the session is lost, all of them are held
 * anew with another one.
 */
export class Registration {
  readonly #space: Space
  readonly #options: RegistrationOptions
  readonly #beside = new Map<string, string>()
  readonly #closing = new AbortController()
  readonly #superseded = new AbortController()
  /** Those that it had, too: the store may see them live a little longer than we do. */
  readonly #own = new Set<string>()
  #session: Promise<Session>

  private constructor(space: Space, options: RegistrationOptions, session: Session) {
    this.#space = space
    this.#options = options
    this.#session = Promise.resolve(session)
    this.#attend(session)
  }

  /** @throws NoError another session holds the key; that one is untouched. */
  static async open(space: Space, options: RegistrationOptions): Promise<Registration> {
    return new Registration(space, options, await join(space, options, new Set(), options.signal))
  }

  /** Aborts when another one holds the key: it was lost for good. */
  get superseded(): AbortSignal {
    return this.#superseded.signal
  }

  /** Holds another key, too, which others may not write. */
  async publish(key: string, value: string): Promise<void> {
    this.#beside.set(key, value)
    await this.write((session) => [putHeld(key, value, session)])
  }

  /** Holds a key no longer. */
  async withdraw(key: string): Promise<void> {
    this.#beside.delete(key)
    await this.write(() => [{ kind: 'delete', key }])
  }

  /** Writes as the holder, once or more often: until it is known that it was applied while the key was held. */
  async write(writes: (session: string) => readonly Write[]): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.superseded])
    for (const pause of backoff()) {
      const session = await this.#session
      if (await this.#attempt(session, writes(session.id), signal)) return
      await pause(signal)
      signal.throwIfAborted()
    }
  }

  /** Gives all of it up. Never rejects. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closing.abort(new NoError('given up'))
    const session = await this.#session.catch(() => undefined)
    await session?.close(signal)
    const sentence = session && describeRemains(this.#options.what, session)
    if (sentence) this.#options.onTrouble?.(sentence)
  }

  async #attempt(session: Session, writes: readonly Write[], signal: AbortSignal) {
    const guard = heldBy(this.#options.key(session.id), session.id)
    const commit = () => this.#space.backend.commit([guard], writes, { signal })
    try {
      const { outcome } = await whenAvailable({ signal }, commit)
      if (outcome === 'refused') session.lose(TAKEN)
      return outcome === 'ok'
    } catch (error) {
      if (error instanceof LeaseGoneError) session.lose(error.message)
      else if (!(error instanceof IndeterminateError) || signal.aborted) throw error
      return false
    }
  }

  #attend(session: Session): void {
    this.#own.add(session.id)
    const rejoin = () => {
      if (this.#closing.signal.aborted) return
      void session.close()
      this.#options.onTrouble?.(`${describe(session.lost.reason)}; joining again`)
      this.#session = this.#rejoin()
      this.#session.catch((error) => this.#superseded.abort(error))
    }
    session.lost.addEventListener('abort', rejoin, { once: true })
    if (session.lost.aborted) rejoin()
    else void this.#watch(session)
  }

  async #rejoin(): Promise<Session> {
    const { signal } = this.#closing
    let told = ''
    for (const pause of backoff()) {
      try {
        const session = await join(this.#space, this.#options, this.#own, signal)
        this.#attend(session)
        void this.#publishAll().catch(() => {})
        return session
      } catch (error) {
        if (signal.aborted || error instanceof NoError) throw error
        if (describe(error) !== told) this.#options.onTrouble?.(describe(error))
        told = describe(error)
      }
      await pause(signal)
      signal.throwIfAborted()
    }
    throw new Error('a backoff never ends')
  }

  async #publishAll(): Promise<void> {
    for (const [key, value] of [...this.#beside]) {
      if (this.#beside.has(key)) await this.write((session) => [putHeld(key, value, session)])
    }
  }

  /** The lease may live on while the key was deleted or taken over from outside. */
  async #watch(session: Session): Promise<void> {
    const key = this.#options.key(session.id)
    const signal = AbortSignal.any([this.#closing.signal, session.lost])
    try {
      for await (const view of follow(this.#space.backend, key, signal)) {
        if (!view.interrupted && view.entries.get(key)?.session !== session.id) session.lose(TAKEN)
      }
    } catch {
      // The watch was ended; if the store refuses us, renewals fail too.
    }
  }
}

const TAKEN = 'registration lost: its key was deleted by another client, or the store was emptied'

const join = async (
  space: Space,
  options: RegistrationOptions,
  own: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Session> => {
  const session = await Session.open(space.backend, { ttl: options.ttl, signal })
  try {
    await acquire(space, options, own, session, signal)
    return session
  } catch (error) {
    await session.close(undoing(signal))
    throw error
  }
}

const acquire = async (
  space: Space,
  { key: keyOf, value, what }: RegistrationOptions,
  own: ReadonlySet<string>,
  { id }: Session,
  signal: AbortSignal,
): Promise<void> => {
  const key = keyOf(id)
  const writes = [
    putHeld(sessionKey(space, id), newRecord('hold', space), id),
    putHeld(key, value, id),
  ]
  const plan = async (entry: Entry | undefined) => {
    const holder = await holderOf(space, entry, { signal })
    if (holder.held && !own.has(entry?.session ?? ''))
      throw new NoError(`${what} is held by ${describeHolder(holder)}`)
    return { writes, answer: undefined }
  }
  const appliedTo = (entry: Entry | undefined) => entry?.session === id
  await applyChange(space.backend, { key, plan, appliedTo }, { signal })
}
