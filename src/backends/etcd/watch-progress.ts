import { setTimeout as sleep } from 'node:timers/promises'
import type { Change, Listing } from '../backend.ts'
import { keyOf, revisionOf } from '../watch/watch-queue.ts'
import type { Operation } from './cluster.ts'
import { revisionOf as numberOf, rangeOf } from './codec.ts'

/** Milliseconds in which a change that a check has found may still arrive through the watch. */
const DELIVERY_DELAY = 500

/** The state of a scope, as a check finds it. */
interface ScopeState {
  /** The revision of the store. */
  readonly revision: number
  readonly keys: number
  /** Whether a key was written after the newest change that the watch has reported. */
  readonly newer: boolean
}

/**
 * The part of a scope's changes that a watch has reported. A comparison with the store shows whether the watch's
 * connection is dead: while nothing changes, nothing else arrives on it.
 */
export class WatchProgress {
  readonly #scope: string
  readonly #keys: Set<string>
  #revision: number
  /** The watch has reported all changes up to this revision of the store. */
  #complete: number
  #messages = 0

  constructor(scope: string, { entries, revision }: Listing) {
    this.#scope = scope
    this.#keys = new Set(entries.map(({ key }) => key))
    this.#revision = revision
    this.#complete = revision
  }

  /** Records the changes that the watch has just reported. */
  changes(changes: readonly Change[]): void {
    this.#messages++
    for (const change of changes) {
      if (change.kind === 'put') this.#keys.add(keyOf(change))
      else this.#keys.delete(keyOf(change))
      this.#revision = Math.max(this.#revision, revisionOf(change))
    }
    this.#complete = Math.max(this.#complete, this.#revision)
  }

  /** Whether the store, whose revision is `newest`, has changes that the watch does not report. */
  async isBehind(
    newest: number,
    ask: (operation: Operation<ScopeState>) => Promise<ScopeState>,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (newest <= this.#complete) return false
    const before = this.#messages
    const { revision, keys, newer } = await ask(readState(this.#scope, this.#revision))
    if (this.#messages > before) return false
    if (newer || keys !== this.#keys.size) {
      await sleep(DELIVERY_DELAY, undefined, { signal })
      return this.#messages === before
    }
    this.#complete = Math.max(this.#complete, revision)
    return false
  }
}

const readState =
  (scope: string, delivered: number): Operation<ScopeState> =>
  async ({ kv }) => {
    const { header, count, kvs } = await kv.range({
      ...rangeOf(scope),
      ...{ min_mod_revision: delivered + 1, limit: 1, keys_only: true, serializable: true },
    })
    const revision = numberOf(header.revision)
    return { revision, keys: numberOf(count), newer: kvs.length > 0 }
  }
