import type { Backend, CommitResult, Entry, Guard, Write } from '../backends/backend.ts'
import { absent, put, unchanged } from '../backends/operations.ts'
import { covers, hasChange, newChangeId, withChange } from './change-log.ts'
import { contention } from './contention.ts'
import { checkIdempotencyKey } from './idempotency-key.ts'
import { whenAvailable } from './retry.ts'
import { type Settled, settle } from './settle.ts'
import { keyIn, type Space } from './space.ts'

/** The text after a change, from the text before it (`undefined`: there is none). May throw to refuse. */
type Next = (text: string | undefined) => string

export interface ChangeOptions {
  /** The change is made once however often it is asked for under this name, by whichever process. */
  readonly idempotencyKey?: string | undefined
  /** Changes of different purposes may have the same idempotency key. */
  readonly purpose?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What the store holds of a ledger. */
interface Known {
  readonly text: Entry | undefined
  readonly log: Entry | undefined
  /** What the idempotency key's change gave. */
  readonly given?: Entry | undefined
}

/** One change, planned upon what is known. */
interface Attempt {
  readonly id: string
  readonly from: Known
  readonly text: string
  readonly log: string
}

/** Where the answer of a change with an idempotency key is kept. */
type Slot = string | undefined

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

  constructor(space: Space, kind: 'counter' | 'waitgroup', name: string) {
    this.key = keyIn(space, kind, name)
    this.#log = keyIn(space, `${kind}-op`, name)
    this.#backend = space.backend
  }

  /** The text; `undefined` where there is none. */
  async read(signal?: AbortSignal): Promise<string | undefined> {
    return textOf(await whenAvailable({ signal }, () => this.#backend.get(this.key, { signal })))
  }

  /**
   * Resolves to the text that the change gave; with an idempotency key that was used before, to what it gave then.
   * @throws IndeterminateError no answer came, and it cannot be known whether the change was made.
   */
  async change(next: Next, options: ChangeOptions = {}): Promise<string> {
    const { signal } = options
    const slot = this.#slot(options)
    let known = this.#promising(next) ?? (await this.#look(slot, signal))
    for (const pause of contention()) {
      const given = textOf(known.given)
      if (given !== undefined) return given
      const attempt = plan(known, next)
      const refused = await this.#commit(attempt, slot, signal)
      if (!refused) return attempt.text
      known = (await pause(signal)) ? await this.#look(slot, signal) : refused
      signal?.throwIfAborted()
    }
    throw new Error('contention never ends')
  }

  /** What we know from before, if the change could be made of it: a no is said only upon what is read now. */
  #promising(next: Next): Known | undefined {
    try {
      next(textOf(this.#latest?.text))
      return this.#latest
    } catch {
      return undefined
    }
  }

  async #look(slot: Slot, signal: AbortSignal | undefined): Promise<Known> {
    const get = (key: string) => this.#backend.get(key, { signal })
    const [text, log, given] = await whenAvailable({ signal }, () =>
      Promise.all([get(this.key), get(this.#log), slot === undefined ? undefined : get(slot)]),
    )
    return { text, log, given }
  }

  /** Resolves to what is there instead, if the change was not made. */
  async #commit(
    attempt: Attempt,
    slot: Slot,
    signal: AbortSignal | undefined,
  ): Promise<Known | undefined> {
    const { from, text, log } = attempt
    const guards = [as(this.key, from.text), as(this.#log, from.log)]
    const writes = [put(this.key, text), put(this.#log, log)]
    const [slotGuards, slotWrites] =
      slot === undefined ? NOTHING : [[absent(slot)], [put(slot, text)]]
    const settled = await settle(
      this.#backend,
      [...guards, ...slotGuards],
      [...writes, ...slotWrites],
      signal,
    )
    this.#latest = this.#after(attempt, settled.result)
    return this.#judge(attempt, settled, slot)
  }

  #judge({ id, from }: Attempt, { result, unanswered }: Settled, slot: Slot): Known | undefined {
    if (result.outcome === 'ok') return undefined
    const entries = result.outcome === 'refused' ? result.entries : []
    const find = (key: Slot) => entries.find((entry) => entry.key === key)
    const now: Known = { text: find(this.key), log: find(this.#log), given: find(slot) }
    // A store's client may have repeated a request by itself, so this holds also where an answer came.
    if (hasChange(now.log, id)) return undefined
    if (unanswered && slot === undefined && !covers(now.log, from.log)) throw unanswered
    return now
  }

  #after({ from, text, log }: Attempt, result: CommitResult): Known | undefined {
    if (result.outcome !== 'ok') return undefined
    const entry = (key: string, value: string, before: Entry | undefined): Entry => ({
      key,
      value: Buffer.from(value),
      createRevision: before?.createRevision ?? result.revision,
      modRevision: result.revision,
    })
    return { text: entry(this.key, text, from.text), log: entry(this.#log, log, from.log) }
  }

  /** Below the log, so that it is cleared with it; no name has a "=". */
  #slot({ idempotencyKey, purpose = 'id' }: ChangeOptions): Slot {
    if (idempotencyKey === undefined) return undefined
    return `${this.#log}/${purpose}=${encodeURIComponent(checkIdempotencyKey(idempotencyKey))}`
  }
}

const NOTHING: readonly [readonly Guard[], readonly Write[]] = [[], []]

const plan = (from: Known, next: Next): Attempt => {
  const id = newChangeId()
  return { id, from, text: next(textOf(from.text)), log: withChange(from.log, id) }
}

const as = (key: string, entry: Entry | undefined): Guard =>
  entry ? unchanged(key, entry.modRevision) : absent(key)

const textOf = (entry: Entry | undefined): string | undefined =>
  entry && Buffer.from(entry.value).toString()
