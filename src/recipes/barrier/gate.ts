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

/** A barrier as it was read. */
export interface Head extends BarrierState {
  readonly entry: Entry
}

/** A barrier in the store: what can be read of it, and the commits by which it changes. */
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

  /** Of all generations, earliest first. */
  async arrivals(signal: AbortSignal): Promise<Arrival[]> {
    const list = () => this.#namespace.backend.list(`${this.key}/`, { signal })
    return arrivalsOf(this.key, (await retryUntilAvailable({ signal }, list)).entries)
  }

  /**
   * Writes an arrival, in the generation of the head. `again`: there was one of this party in it before, which a
   * release that is planned already must not count. Resolves to whether it was written.
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
    // A copy that was not answered may have passed before.
    return (
      result.outcome === 'ok' ||
      (result.outcome === 'refused' && result.entries.some((entry) => entry.key === key))
    )
  }

  /** Takes an arrival back, unless the barrier has changed: resolves to whether it did. */
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

  /** Lets a group go on. Whether it passes or not, the head tells. */
  async release(
    head: Head,
    group: readonly Arrival[],
    present: readonly Arrival[],
    signal: AbortSignal,
  ): Promise<void> {
    const { backend } = this.#namespace
    // As many as the store can check; of a larger group the others were there an instant before.
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

  /** Until a session does not hold an arrival any more. */
  untilGone(key: string, lease: string, signal: AbortSignal): Promise<void> {
    return untilUnbound(this.#namespace.backend, key, lease, signal)
  }

  #as({ entry }: Head) {
    return unchanged(this.key, entry.modRevision)
  }

  /** Makes every commit that was planned upon this head fail. */
  #touch({ entry }: Head): Write {
    return put(this.key, entry.value)
  }
}
