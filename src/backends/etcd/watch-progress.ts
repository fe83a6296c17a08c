import { setTimeout as sleep } from 'node:timers/promises'
import type { Change, Listing } from '../backend.ts'
import { keyOf, revisionOf } from '../watch/watch-queue.ts'
import type { Operation } from './cluster.ts'
import { revisionOf as numberOf, rangeOf } from './codec.ts'

/** So long (milliseconds) what a check has found may still be on its way through a watch. */
const DELIVERY_DELAY = 500

/** What a check finds of a scope. */
interface ScopeState {
  /** Of the store. */
  readonly revision: number
  readonly keys: number
  /** Whether a key was written after what the watch has told. */
  readonly newer: boolean
}

/**
 * What a watch has told of its scope. By that a look at the store tells whether the watch's connection is dead, on which
 * nothing else comes where nothing happens.
 */
export class WatchProgress {
  readonly #scope: string
  readonly #keys: Set<string>
  #revision: number
  /** Up to this revision of the store nothing is missing. */
  #complete: number
  #messages = 0

  constructor(scope: string, { entries, revision }: Listing) {
    this.#scope = scope
    this.#keys = new Set(entries.map(({ key }) => key))
    this.#revision = revision
    this.#complete = revision
  }

  /** The watch has told these changes. */
  changes(changes: readonly Change[]): void {
    this.#messages++
    for (const change of changes) {
      if (change.kind === 'put') this.#keys.add(keyOf(change))
      else this.#keys.delete(keyOf(change))
      this.#revision = Math.max(this.#revision, revisionOf(change))
    }
    this.#complete = Math.max(this.#complete, this.#revision)
  }

  /** Whether the store, which has that revision, has something that the watch does not tell. */
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
