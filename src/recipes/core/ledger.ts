import type { Backend, Entry } from '../../backends/backend.ts'
import { put } from '../../backends/operations.ts'
import { covers, hasChange, newChangeId, withChange } from './change-log.ts'
import { type Change, commitChange, type Known, type Plan, type Verdict } from './commit.ts'
import { contention } from './contention.ts'
import { checkIdempotencyKey } from './idempotency-key.ts'
import { keyIn, type Namespace } from './namespace.ts'
import { retryUntilAvailable } from './retry.ts'

/** Maps the text before a change (`undefined`: there is none) to the text after it. May throw to refuse the change. */
type Next = (text: string | undefined) => string

export interface ChangeOptions {
  /** The change is made once, even if several processes request it several times with this key. */
  readonly idempotencyKey?: string | undefined
  /** Part of the idempotency key: changes of different purposes may have the same idempotency key. Default: `id`. */
  readonly purpose?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** The key under which the result of a change with an idempotency key is kept. */
type Slot = string | undefined

/** A plan, the id of its change, and the entries that it was made from. */
interface LedgerPlan extends Plan<string> {
  readonly id?: string
  readonly from: Known
}

/**
 * A text in the store. Each change of it is made exactly once, even if answers are lost.
 *
 * A change is one commit of the new text, of an id in the log of the last changes and, with an idempotency key, of the
 * new text under that key. Its precondition is that all these keys are unchanged. If it is refused, a new plan is made.
 */
export class Ledger {
  readonly key: string
  readonly #backend: Backend
  readonly #log: string
  /** The entries as this ledger's last commit left them. They save a read while no other process makes changes. */
  #latest: Known | undefined

  constructor(namespace: Namespace, kind: 'counter' | 'waitgroup', name: string) {
    this.key = keyIn(namespace, kind, name)
    this.#log = keyIn(namespace, `${kind}-op`, name)
    this.#backend = namespace.backend
  }

  /** The text. `undefined` if there is none. */
  async read(signal?: AbortSignal): Promise<string | undefined> {
    return textOf(
      await retryUntilAvailable({ signal }, () => this.#backend.get(this.key, { signal })),
    )
  }

  /**
   * Resolves to the text after the change. If the idempotency key was used before, resolves to the text of that change.
   * @throws IndeterminateError the store did not answer, and it is unknown whether the change was made.
   */
  async change(next: Next, options: ChangeOptions = {}): Promise<string> {
    const { signal } = options
    const slot = this.#slot(options)
    const keys = slot === undefined ? [this.key, this.#log] : [this.key, this.#log, slot]
    const known = slot === undefined ? this.#promising(next) : undefined
    this.#latest = undefined
    const change: Change<string, LedgerPlan> = {
      keys,
      known,
      plan: (now) => this.#plan(now, next, slot),
      applied: (plan, revision) => this.#learn(plan, revision),
      wasApplied: (plan, now, answered) => this.#verdict(plan, now, answered, slot),
    }
    return commitChange(this.#backend, change, { signal }, contention())
  }

  /** The entries of the last commit, if the change is possible with them. A change is refused only after a new read. */
  #promising(next: Next): Known | undefined {
    try {
      next(textOf(this.#latest?.get(this.key)))
      return this.#latest
    } catch {
      return undefined
    }
  }

  #plan(from: Known, next: Next, slot: Slot): LedgerPlan {
    const given = slot === undefined ? undefined : textOf(from.get(slot))
    if (given !== undefined) return { writes: [], result: given, from }
    const id = newChangeId()
    const text = next(textOf(from.get(this.key)))
    const writes = [put(this.key, text), put(this.#log, withChange(from.get(this.#log), id))]
    if (slot !== undefined) writes.push(put(slot, text))
    return { writes, result: text, id, from }
  }

  /** The client of a store may have repeated a request by itself. So the log is checked even if the store answered. */
  #verdict({ id = '', from }: LedgerPlan, now: Known, answered: boolean, slot: Slot): Verdict {
    const log = now.get(this.#log)
    if (hasChange(log, id)) return 'applied'
    const certain = answered || slot !== undefined || covers(log, from.get(this.#log))
    return certain ? 'not applied' : 'unknown'
  }

  #learn({ writes, from }: LedgerPlan, revision: number): void {
    const entries = writes.flatMap((write): Entry[] => {
      if (write.kind !== 'put') return []
      const createRevision = from.get(write.key)?.createRevision ?? revision
      return [{ key: write.key, value: write.value, createRevision, modRevision: revision }]
    })
    this.#latest = new Map(entries.map((entry) => [entry.key, entry]))
  }

  /**
   * The key is below the log's key, so it is cleared with the log. No name contains a "=", so it is no other log's key.
   */
  #slot({ idempotencyKey, purpose = 'id' }: ChangeOptions): Slot {
    if (idempotencyKey === undefined) return undefined
    return `${this.#log}/${purpose}=${encodeURIComponent(checkIdempotencyKey(idempotencyKey))}`
  }
}

const textOf = (entry: Entry | undefined): string | undefined =>
  entry && Buffer.from(entry.value).toString()
