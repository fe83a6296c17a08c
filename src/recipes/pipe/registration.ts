import type { Write } from '../../backends/backend.ts'
import { heldBy, putHeld } from '../../backends/operations.ts'
import { LeaseGoneError, NoError } from '../../base/errors.ts'
import { commitUntilAnswered } from '../core/commit.ts'
import { KeptOwnership } from '../core/kept-ownership.ts'
import type { Namespace } from '../core/namespace.ts'
import { type OwnedKey, Ownership, TAKEN, takeOwnership } from '../core/ownership.ts'
import { retry } from '../core/retry.ts'
import { describeRemains } from '../core/session.ts'

export interface RegistrationOptions extends OwnedKey {
  /** Milliseconds until the keys go when this process dies. */
  readonly ttl?: number | undefined
  readonly signal: AbortSignal
  /** Told when the session was lost, and of each failed attempt to join again. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/**
 * A key that is held while this process wants, and others beside it: when the session is lost, all of them are held
 * anew with another one.
 */
export class Registration {
  readonly #namespace: Namespace
  readonly #options: RegistrationOptions
  readonly #beside = new Map<string, string>()
  readonly #superseded = new AbortController()
  /** Its sessions: the store may see them live a little longer than we do. */
  readonly #sessions = new Set<string>()
  readonly #kept: KeptOwnership<Owned>

  private constructor(namespace: Namespace, options: RegistrationOptions, first: Owned) {
    this.#namespace = namespace
    this.#options = options
    this.#sessions.add(first.session.id)
    this.#kept = new KeptOwnership(first, {
      take: (signal) => this.#takeAnew(signal),
      isFinal: (error) => this.#isFinal(error),
      onTrouble: options.onTrouble,
    })
  }

  /** @throws NoError another session holds the key; that one is untouched. */
  static async open(namespace: Namespace, options: RegistrationOptions): Promise<Registration> {
    return new Registration(
      namespace,
      options,
      new Owned(await takeOwnership(namespace, options, options)),
    )
  }

  /** Aborts when another one holds the key: it was lost for good. */
  get superseded(): AbortSignal {
    return this.#superseded.signal
  }

  /** Holds another key, too, which others may not write. */
  async publish(key: string, value: string): Promise<void> {
    this.#beside.set(key, value)
    await this.write((lease) => [putHeld(key, value, lease)])
  }

  /** Holds a key no longer. */
  async withdraw(key: string): Promise<void> {
    this.#beside.delete(key)
    await this.write(() => [{ kind: 'delete', key }])
  }

  /** Writes as the holder, once or more often: until it is known that it was applied while the key was held. */
  async write(writes: (lease: string) => readonly Write[]): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.superseded])
    await retry({ signal }, async () => {
      const owned = await this.#kept.taken
      return this.#attempt(owned, writes(owned.session.id), signal)
    })
  }

  /** Gives all of it up. Never rejects. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#kept.end(new NoError('given up'))
    const owned = await this.#kept.taken.catch(() => undefined)
    await owned?.giveUp(signal)
    const sentence = owned && describeRemains(this.#options.what, owned)
    if (sentence) this.#options.onTrouble?.(sentence)
  }

  /** Resolves to true if the writes were applied. They may be applied twice, as they are the same. */
  async #attempt(
    { key, session }: Owned,
    writes: readonly Write[],
    signal: AbortSignal,
  ): Promise<true | undefined> {
    const { backend } = this.#namespace
    try {
      const held = [heldBy(key, session.id)]
      const { result } = await commitUntilAnswered(backend, held, writes, { signal })
      if (result.outcome === 'refused') session.lose(TAKEN)
      return result.outcome === 'ok' || undefined
    } catch (error) {
      if (!(error instanceof LeaseGoneError)) throw error
      session.lose(error.message)
      return undefined
    }
  }

  async #takeAnew(signal: AbortSignal): Promise<Owned> {
    const options = { ...this.#options, signal, previous: this.#sessions }
    const owned = new Owned(await takeOwnership(this.#namespace, this.#options, options))
    this.#sessions.add(owned.session.id)
    void this.#publishAll().catch(() => {})
    return owned
  }

  /** Another one holds the key. */
  #isFinal(error: unknown): boolean {
    if (!(error instanceof NoError)) return false
    this.#superseded.abort(error)
    return true
  }

  async #publishAll(): Promise<void> {
    for (const [key, value] of [...this.#beside]) {
      if (this.#beside.has(key)) await this.write((lease) => [putHeld(key, value, lease)])
    }
  }
}

/** An ownership whose session others may be bound to, too. */
class Owned extends Ownership {
  get session() {
    return this.parts.session
  }
}
