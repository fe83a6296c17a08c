import type { Backend, Entry } from '../../backends/backend.ts'
import type { Command } from '../../backends/process-identity.ts'
import { NoError } from '../../base/errors.ts'
import { changeKey } from './commit.ts'
import type { Namespace } from './namespace.ts'
import { cleanupSignal } from './retry.ts'
import { Session, type SessionOptions } from './session.ts'
import { boundWrites, describeHolder, holderOf } from './session-record.ts'
import { until } from './until.ts'

/** A key that is to be owned. */
export interface OwnedKey {
  /** The key to own. `lease`: the id of the lease that the key will be bound to. */
  key(lease: string): string
  readonly value: string
  /** The key is most likely absent, so nothing is read before the first commit. Default: false. */
  readonly fresh?: boolean
  /** The designation of the key in messages. */
  readonly what: string
}

export interface OwnershipOptions extends SessionOptions {
  /** The session also lives while this COMMAND lives, if the store sees processes die. */
  readonly command?: (() => Command) | undefined
  /**
   * Sessions of this process that were lost, and that the store may not have ended yet. A key that one of them holds
   * may be taken over.
   */
  readonly previous?: ReadonlySet<string> | undefined
  /** Called with the key before the key is written. */
  readonly onTaking?: ((key: string) => void) | undefined
}

export interface OwnershipParts {
  readonly namespace: Namespace
  readonly key: string
  readonly session: Session
  /** Aborts when the key may be removed. This ends the watch of the key. */
  readonly unwatch: AbortController
}

/**
 * Opens a session and binds a key to it, in one commit with the session's record.
 * @throws NoError another living session holds the key. That session is not affected.
 * @throws UnavailableError the store was out of reach until the options' signal aborted.
 */
export const takeOwnership = async (
  namespace: Namespace,
  owned: OwnedKey,
  options: OwnershipOptions = {},
): Promise<OwnershipParts> => {
  const session = await Session.open(namespace.backend, options)
  try {
    if (options.command) await session.include(options.command)
    const key = owned.key(session.id)
    options.onTaking?.(key)
    await bind(namespace, key, session, owned, options)
    // The answer may have arrived after the lease ended.
    session.requireLive()
    const unwatch = new AbortController()
    void watch(namespace.backend, key, session, unwatch.signal)
    return { namespace, key, session, unwatch }
  } catch (error) {
    await session.close(cleanupSignal(options.signal))
    throw error
  }
}

/**
 * A key bound to a lease that this process keeps alive. The ownership is lost when the lease ends, or when the key is
 * deleted or taken over.
 */
export class Ownership {
  readonly #parts: OwnershipParts

  constructor(parts: OwnershipParts) {
    this.#parts = parts
  }

  get key(): string {
    return this.#parts.key
  }

  /**
   * Milliseconds after which the key is removed if this process dies. On some backends it takes up to twice as long
   * (`expiryFactor`).
   */
  get ttl(): number {
    return this.#parts.session.ttl
  }

  /** Aborts when the ownership will be lost unless a renewal succeeds soon. */
  get expiring(): AbortSignal {
    return this.#parts.session.expiring
  }

  /**
   * Aborts when another process may own the key: the lease was not renewed or was revoked, or the key was deleted or
   * taken over.
   */
  get lost(): AbortSignal {
    return this.#parts.session.lost
  }

  /** After `giveUp`: milliseconds for which the store may still keep the key because it did not answer. Otherwise 0. */
  get remains(): number {
    return this.#parts.session.remains
  }

  /** If the store sees processes die, the key also stays while COMMAND lives. */
  include(describe: () => Command): Promise<void> {
    return this.#parts.session.include(describe)
  }

  /** After a loss: keeps the key, if the store has not ended the session, until `giveUp`. */
  linger(): Promise<void> {
    return this.#parts.session.linger()
  }

  /**
   * Removes the key and ends the session. If the store does not answer, the key is removed when its TTL is over. With a
   * signal, `giveUp` tries until the store has answered or the signal aborts. Never rejects.
   */
  giveUp(signal?: AbortSignal): Promise<void> {
    // The request that removes the key leaves first, so waiters learn of it sooner. Then the watch ends.
    setImmediate(() => this.stopWatching())
    return this.#parts.session.close(signal)
  }

  protected get parts(): OwnershipParts {
    return this.#parts
  }

  /** From now on, a removal of the key is not a loss. */
  protected stopWatching(): void {
    this.#parts.unwatch.abort()
  }
}

/** Resolves when a key is no longer bound to a lease. */
export const untilUnbound = (
  backend: Backend,
  key: string,
  lease: string,
  signal: AbortSignal,
): Promise<void> => until(backend, key, (entries) => entries.get(key)?.lease !== lease, signal)

export const TAKEN =
  'ownership lost: its key was deleted by another client, or the store was emptied'

/** Loses the session if the key is deleted or taken over, which does not end the lease. */
const watch = async (
  backend: Backend,
  key: string,
  session: Session,
  signal: AbortSignal,
): Promise<void> => {
  try {
    await untilUnbound(backend, key, session.id, AbortSignal.any([signal, session.lost]))
    session.lose(TAKEN)
  } catch {
    // The watch was ended. If the store refuses the watch, renewals fail, too.
  }
}

const bind = (
  namespace: Namespace,
  key: string,
  session: Session,
  { value, fresh = false, what }: OwnedKey,
  { previous, signal }: OwnershipOptions,
): Promise<void> => {
  const isOurs = (entry: Entry | undefined) => entry?.lease === session.id
  const plan = async (entry: Entry | undefined) => {
    const holder = await holderOf(namespace, entry, { signal })
    if (holder.held && !previous?.has(entry?.lease ?? ''))
      throw new NoError(`${what} is held by ${describeHolder(holder)}`)
    return { writes: boundWrites(namespace, session.id, key, value), result: undefined }
  }
  return changeKey(namespace.backend, { key, fresh, plan, appliedTo: isOurs }, { signal })
}
