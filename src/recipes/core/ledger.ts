import type { Backend, Entry } from '../../backends/backend.ts'
import { put } from '../../backends/operations.ts'
import { covers, hasChange, newChangeId, withChange } from './change-log.ts'
import { type Change, commitChange, type Known, type Plan, type Verdict } from './commit.ts'
import { contention } from './contention.ts'
import { checkIdempotencyKey } from './idempotency-key.ts'
import { keyIn, type Namespace } from './namespace.ts'
import { retryUntilAvailable } from './retry.ts'

/** The text after a change, from the text before it (`undefined`: there is none). May throw to refuse. */
type Next = (text: string | undefined) => string

export interface ChangeOptions {
  /** The change is made once however often it is asked for under this name, by whichever process. */
  readonly idempotencyKey?: string | undefined
  /** Changes of different purposes may have the same idempotency key. */
  readonly purpose?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Where the answer of a change with an idempotency key is kept. */
type Slot = string | undefined

/** A plan, and the id of its change. */
interface LedgerPlan extends Plan<string> {
  readonly id?: string
  readonly from: Known
}

/**
 * A text in the store that is changed exactly once by each change, also where answers get lost.
 *
 * A change is one commit: the new text, an id in the log of the last changes and, with an idempotency key, the text
 * under that key; guarded by all of them being what they were. A refused one is planned anew.
 */
export class Ledger {
  readonly key: string
  readonly #backend: Backend
  readonly #log: string
  /** As of our last commit: saves a read while nobody else makes changes. */
  #latest: Known | undefined

  constructor(namespace: Namespace, kind: 'counter' | 'waitgroup', name: string) {
    this.key = keyIn(namespace, kind, name)
    this.#log = keyIn(namespace, `${kind}-op`, name)
    this.#backend = namespace.backend
  }

  /** The text; `undefined` where there is none. */
  async read(signal?: AbortSignal): Promise<string | undefined> {
    return textOf(
      await retryUntilAvailable({ signal }, () => this.#backend.get(this.key, { signal })),
    )
  }

  /**
   * Resolves to the text that the change gave; with an idempotency key that was used before, to what it gave then.
   * @throws IndeterminateError no answer came, and it cannot be known whether the change was made.
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

  /** What we know from before, if the change could be made of it: a no is said only upon what is read now. */
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

  /** A store's client may have repeated a request by itself, so the log tells also where an answer came. */
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

  /** Below the log, so that it is cleared with it; no name has a "=". */
  #slot({ idempotencyKey, purpose = 'id' }: ChangeOptions): Slot {
    if (idempotencyKey === undefined) return undefined
    return `${this.#log}/${purpose}=${encodeURIComponent(checkIdempotencyKey(idempotencyKey))}`
  }
}

const textOf = (entry: Entry | undefined): string | undefined =>
  entry && Buffer.from(entry.value).toString()
