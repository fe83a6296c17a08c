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
  /** Milliseconds after which the keys are removed if this process dies. Default: the backend's default TTL. */
  readonly ttl?: number | undefined
  readonly signal: AbortSignal
  /**
   * Called when the session was lost, when an attempt to join again fails for a new reason, and if the keys could not
   * be released.
   */
  readonly onTrouble?: ((sentence: string) => void) | undefined
}

/**
 * A key that this process holds until `close`, and further keys. If the session is lost, all of them are held again
 * with a new session.
 */
export class Registration {
  readonly #namespace: Namespace
  readonly #options: RegistrationOptions
  readonly #beside = new Map<string, string>()
  readonly #superseded = new AbortController()
  /** The sessions of this registration. The store may keep a lost one for a little longer. */
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

  /** @throws NoError another session holds the key. That session is not affected. */
  static async open(namespace: Namespace, options: RegistrationOptions): Promise<Registration> {
    return new Registration(
      namespace,
      options,
      new Owned(await takeOwnership(namespace, options, options)),
    )
  }

  /** Aborts when another process holds the key, so the key is lost for good. */
  get superseded(): AbortSignal {
    return this.#superseded.signal
  }

  /** Holds one more key. */
  async publish(key: string, value: string): Promise<void> {
    this.#beside.set(key, value)
    await this.write((lease) => [putHeld(key, value, lease)])
  }

  /** Stops holding a key that was published. */
  async withdraw(key: string): Promise<void> {
    this.#beside.delete(key)
    await this.write(() => [{ kind: 'delete', key }])
  }

  /**
   * Writes as the holder, possibly more than once, until it is certain that the writes were applied while the key was
   * held.
   */
  async write(writes: (lease: string) => readonly Write[]): Promise<void> {
    const signal = AbortSignal.any([this.#options.signal, this.superseded])
    await retry({ signal }, async () => {
      const owned = await this.#kept.taken
      return this.#attempt(owned, writes(owned.session.id), signal)
    })
  }

  /** Gives up all keys. Never rejects. */
  async close(signal?: AbortSignal): Promise<void> {
    this.#kept.end(new NoError('given up'))
    const owned = await this.#kept.taken.catch(() => undefined)
    await owned?.giveUp(signal)
    const sentence = owned && describeRemains(this.#options.what, owned)
    if (sentence) this.#options.onTrouble?.(sentence)
  }

  /** Resolves to true if the writes were applied. They are idempotent, so they may be applied twice. */
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

  /** Whether another process holds the key. */
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

/** An ownership that lets other keys be bound to its session. */
class Owned extends Ownership {
  get session() {
    return this.parts.session
  }
}
