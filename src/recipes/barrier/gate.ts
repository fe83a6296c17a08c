import type { Entry, Write } from '../../backends/backend.ts'
import { absent, heldBy, put, remove, unchanged } from '../../backends/operations.ts'
import { commitUntilAnswered } from '../core/commit.ts'
import { keyIn, type Namespace } from '../core/namespace.ts'
import { untilUnbound } from '../core/ownership.ts'
import { retryUntilAvailable } from '../core/retry.ts'
import { until } from '../core/until.ts'
import {
  type Arrival,
  advanced,
  arrivalsOf,
  type BarrierState,
  FRESH,
  parseState,
} from './state.ts'

/** The state of a barrier, with the entry that it was read from. */
export interface Head extends BarrierState {
  readonly entry: Entry
}

/** A barrier in the store: reads its state, and makes the commits that change it. */
export class Gate {
  readonly key: string
  readonly #namespace: Namespace

  constructor(namespace: Namespace, name: string) {
    this.#namespace = namespace
    this.key = keyIn(namespace, 'barrier', name)
  }

  async read(signal: AbortSignal): Promise<Head | undefined> {
    const get = () => this.#namespace.backend.get(this.key, { signal })
    const entry = await retryUntilAvailable({ signal }, get)
    return entry && { ...parseState(entry), entry }
  }

  async create(signal: AbortSignal): Promise<void> {
    const fresh = put(this.key, JSON.stringify(FRESH))
    await commitUntilAnswered(this.#namespace.backend, [absent(this.key)], [fresh], { signal })
  }

  /** The arrivals of all generations, earliest first. */
  async arrivals(signal: AbortSignal): Promise<Arrival[]> {
    const list = () => this.#namespace.backend.list(`${this.key}/`, { signal })
    return arrivalsOf(this.key, (await retryUntilAvailable({ signal }, list)).entries)
  }

  /**
   * Writes an arrival in the generation of the head. Resolves to whether the arrival was written. `again`: this party
   * has arrived in this generation before. A release that is already planned must not count the earlier arrival, so the
   * commit also makes such a release fail.
   */
  async enter(
    head: Head,
    key: string,
    writes: readonly Write[],
    again: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { result } = await commitUntilAnswered(
      this.#namespace.backend,
      [this.#as(head), absent(key)],
      again ? [...writes, this.#touch(head)] : writes,
      { signal },
    )
    // An unanswered copy of the commit may have been applied before.
    return result.outcome === 'ok' || result.entries.some((entry) => entry.key === key)
  }

  /** Removes an arrival, unless the barrier has changed. Resolves to whether the arrival was removed. */
  async leave(head: Head, key: string, signal: AbortSignal): Promise<boolean> {
    const writes = [remove(key), this.#touch(head)]
    const { result } = await commitUntilAnswered(
      this.#namespace.backend,
      [this.#as(head)],
      writes,
      {
        signal,
      },
    )
    return result.outcome === 'ok'
  }

  /** Tries to release a group. The next read of the head shows whether the commit was applied. */
  async release(
    head: Head,
    group: readonly Arrival[],
    present: readonly Arrival[],
    signal: AbortSignal,
  ): Promise<void> {
    const { backend } = this.#namespace
    // Checks as many arrivals as the store allows in one commit. The other arrivals were present when they were read.
    const checked = group.slice(0, backend.traits.maxCommitOperations - 2)
    const preconditions = [
      this.#as(head),
      ...checked.map(({ key, session: lease }) => heldBy(key, lease)),
    ]
    const state = JSON.stringify(advanced(head, group, present))
    await commitUntilAnswered(backend, preconditions, [put(this.key, state)], { signal })
  }

  untilChanged({ entry }: Head, signal: AbortSignal): Promise<void> {
    const changed = (entries: ReadonlyMap<string, Entry>) =>
      entries.get(this.key)?.modRevision !== entry.modRevision
    return until(this.#namespace.backend, this.key, changed, signal)
  }

  /** Resolves when a session no longer holds an arrival. */
  untilGone(key: string, lease: string, signal: AbortSignal): Promise<void> {
    return untilUnbound(this.#namespace.backend, key, lease, signal)
  }

  #as({ entry }: Head) {
    return unchanged(this.key, entry.modRevision)
  }

  /** Makes every commit fail that was planned from this head. */
  #touch({ entry }: Head): Write {
    return put(this.key, entry.value)
  }
}
