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
  /** `lease`: the id of the lease that the key is bound to. */
  key(lease: string): string
  readonly value: string
  /** The key is most likely absent: nothing is read before the first commit. */
  readonly fresh?: boolean
  /** What to call it in messages. */
  readonly what: string
}

export interface OwnershipOptions extends SessionOptions {
  /** The session lives while this COMMAND does, from the beginning. */
  readonly command?: (() => Command) | undefined
  /** Sessions of this process that were lost, and that the store may not have ended yet: their key may be taken over. */
  readonly previous?: ReadonlySet<string> | undefined
  /** Told of the key before it is written. */
  readonly onTaking?: ((key: string) => void) | undefined
}

/** What an ownership consists of. */
export interface OwnershipParts {
  readonly namespace: Namespace
  readonly key: string
  readonly session: Session
  /** Aborts when the key may go. */
  readonly unwatch: AbortController
}

/**
 * Opens a session and binds a key to it, in one commit with the session's record.
 * @throws NoError another living session holds the key; that one is untouched.
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
    // The answer may have come after the time for which the lease was granted.
    session.requireLive()
    const unwatch = new AbortController()
    void watch(namespace.backend, key, session, unwatch.signal)
    return { namespace, key, session, unwatch }
  } catch (error) {
    await session.close(cleanupSignal(options.signal))
    throw error
  }
}

/** A key bound to a lease that this process keeps alive. It is lost when the lease ends, or when the key is deleted or taken over. */
export class Ownership {
  readonly #parts: OwnershipParts

  constructor(parts: OwnershipParts) {
    this.#parts = parts
  }

  get key(): string {
    return this.#parts.key
  }

  /** Milliseconds within which the key goes if this process dies (twice that where the backend says so). */
  get ttl(): number {
    return this.#parts.session.ttl
  }

  /** Aborts when it will be lost unless a renewal succeeds soon. */
  get expiring(): AbortSignal {
    return this.#parts.session.expiring
  }

  /** Aborts when somebody else may own the key: the lease was not renewed or was revoked, or the key was deleted or taken over. */
  get lost(): AbortSignal {
    return this.#parts.session.lost
  }

  /** After it was given up: for so many milliseconds at most the key stays, as the store did not answer. */
  get remains(): number {
    return this.#parts.session.remains
  }

  /** Where the store sees processes die: the key stays while COMMAND lives, too. */
  include(describe: () => Command): Promise<void> {
    return this.#parts.session.include(describe)
  }

  /** After a loss: holds on to the key while the store has not ended the session, until it is given up. */
  linger(): Promise<void> {
    return this.#parts.session.linger()
  }

  /**
   * Removes the key and ends the session. If the store does not answer, the TTL does that later. With a signal, it tries until
   * the store has answered or the signal aborts. Never rejects.
   */
  giveUp(signal?: AbortSignal): Promise<void> {
    // The watch ends when the others are being told already.
    setImmediate(() => this.stopWatching())
    return this.#parts.session.close(signal)
  }

  protected get parts(): OwnershipParts {
    return this.#parts
  }

  /** From now on the key may go: that is no loss any more. */
  protected stopWatching(): void {
    this.#parts.unwatch.abort()
  }
}

/** Resolves when a key is not bound to a lease any more. */
export const untilUnbound = (
  backend: Backend,
  key: string,
  lease: string,
  signal: AbortSignal,
): Promise<void> => until(backend, key, (entries) => entries.get(key)?.lease !== lease, signal)

export const TAKEN =
  'ownership lost: its key was deleted by another client, or the store was emptied'

/** The lease may live on while the key was deleted or taken over. */
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
    // The watch was ended. If the store refuses us, renewals fail too.
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
