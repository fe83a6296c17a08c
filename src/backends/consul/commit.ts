import { backoff } from '../../base/backoff.ts'
import { IndeterminateError, LeaseGoneError, UsageError } from '../../base/errors.ts'
import type { CallOptions, CommitResult, Entry, Precondition } from '../backend.ts'
import { withinLimit } from '../network/call-limit.ts'
import { isIndeterminateStatus } from '../network/http-status.ts'
import { holds } from '../preconditions.ts'
import type { Operation, Transacted } from './client.ts'
import { Failure, translate } from './failure.ts'
import type { Leases } from './leases.ts'
import { bound, type FlaggedWrite, type Known, plan, undecided } from './plan.ts'
import type { Store } from './store.ts'

type Applied = { readonly revision: number | undefined }
type Refused = { readonly keys: readonly string[] }

/**
 * One commit. A transaction that Consul refused wrote nothing, so it may be planned again and sent again. A transaction
 * without an answer is never sent again.
 */
export class Commit {
  readonly #store: Store
  readonly #leases: Leases
  readonly #preconditions: readonly Precondition[]
  readonly #writes: readonly FlaggedWrite[]
  /** Whether a transaction was sent and has no answer yet, so that its outcome is unknown. */
  #sent = false

  constructor(
    store: Store,
    leases: Leases,
    preconditions: readonly Precondition[],
    writes: readonly FlaggedWrite[],
  ) {
    this.#store = store
    this.#leases = leases
    this.#preconditions = preconditions
    this.#writes = writes
  }

  async run(options: CallOptions): Promise<CommitResult> {
    const { address, limit } = this.#store.connection
    requirePrintable([...this.#preconditions, ...this.#writes])
    try {
      return await withinLimit(options, limit, address, (signal) => this.#attempts({ signal }))
    } catch (error) {
      if (!this.#sent) throw error
      this.#store.reachability.failed()
      throw new IndeterminateError(
        `${address} did not answer: the write may or may not have been applied`,
        { cause: error },
      )
    }
  }

  async #attempts(options: CallOptions): Promise<CommitResult> {
    let keys = undecided(this.#writes)
    let seemedDelayed = false
    for (const pause of backoff()) {
      const known = await this.#store.entries(keys, options)
      if (this.#fails(known)) return this.#refusal(options)
      const result = await this.#transact(plan(this.#preconditions, this.#writes, known), options)
      if ('revision' in result) return this.#ok(result, options)
      const verdict = await this.#judge(result, known, options)
      // Another client may have bound the key and removed it again between two reads, without a trace. So it is tried
      // again once.
      if (verdict && (verdict.outcome !== 'delayed' || seemedDelayed)) return verdict
      seemedDelayed = verdict !== undefined
      keys = [...undecided(this.#writes), ...bound(this.#writes)]
      await pause(options.signal)
    }
    throw new Error('unreachable')
  }

  async #transact(operations: Operation[], options: CallOptions): Promise<Applied | Refused> {
    if (operations.length === 0) return { revision: undefined }
    await this.#store.reachability.prove(() => this.#store.get(this.#anyKey(), options))
    options.signal?.throwIfAborted()
    this.#store.connection.requireOpen()
    this.#sent = true
    try {
      const [, { Results }] = await this.#store.connection.call(options, (client, common) =>
        client.transaction.create(operations, { ...common, consistent: true }),
      )
      const revision = this.#writes.length > 0 ? newest(Results) : undefined
      this.#answered()
      return { revision }
    } catch (error) {
      return { keys: this.#refusedKeys(error, operations) }
    }
  }

  /** The keys of the refused operations. Throws if the transaction itself was refused, or if its outcome is unknown. */
  #refusedKeys(error: unknown, operations: readonly Operation[]): string[] {
    if (!(error instanceof Failure) || error.status === 0 || isIndeterminateStatus(error.status))
      throw error
    this.#answered()
    const errors = (error.body as Transacted | undefined)?.Errors
    if (error.status !== 409 || !errors) {
      throw translate(error, this.#store.connection.address, `key:write on ${this.#anyKey()}`)
    }
    return [...new Set(errors.flatMap(({ OpIndex }) => operations[OpIndex]?.KV.Key ?? []))]
  }

  #answered(): void {
    this.#sent = false
    this.#store.reachability.answered()
  }

  /** Determines why Consul refused, without parsing its messages. `undefined`: the caller must try again. */
  async #judge(
    { keys }: Refused,
    known: Known,
    options: CallOptions,
  ): Promise<CommitResult | undefined> {
    const current = await this.#store.entries(this.#guardedKeys(), options)
    if (this.#fails(current)) return refused(current)
    // Consul also reports a missing permission as a refused operation.
    await Promise.all(keys.map((key) => this.#store.requirePermission(key, options)))
    await this.#requireLeases(options)
    const isDelayed = await this.#isDelayed(keys, known, options)
    return isDelayed ? { outcome: 'delayed' } : undefined
  }

  async #requireLeases(options: CallOptions): Promise<void> {
    const puts = this.#writes.map((write) => (write.kind === 'put' ? write.lease : undefined))
    const ids = [...new Set(puts.filter((id) => typeof id === 'string'))]
    const alive = await Promise.all(ids.map((id) => this.#leases.exists(id, options)))
    const gone = ids.find((_, i) => !alive[i])
    if (gone !== undefined) throw new LeaseGoneError(gone)
  }

  /** Whether the session is alive and the key was free before and after, and yet Consul did not bind the key. */
  async #isDelayed(keys: readonly string[], known: Known, options: CallOptions): Promise<boolean> {
    const puts = bound(this.#writes).filter((key) => keys.includes(key) && known.has(key))
    const current = await this.#store.entries(puts, options)
    return puts.some((key) => {
      const [before, after] = [known.get(key), current.get(key)]
      return before?.lease === undefined && before?.modRevision === after?.modRevision
    })
  }

  async #ok({ revision }: Applied, options: CallOptions): Promise<CommitResult> {
    if (revision !== undefined) return { outcome: 'ok', revision }
    return { outcome: 'ok', revision: await this.#store.revision(this.#anyKey(), options) }
  }

  #fails(entries: Known): boolean {
    return this.#preconditions.some(
      (precondition) =>
        entries.has(precondition.key) && !holds(precondition, entries.get(precondition.key)),
    )
  }

  async #refusal(options: CallOptions): Promise<CommitResult> {
    return refused(await this.#store.entries(this.#guardedKeys(), options))
  }

  #guardedKeys(): string[] {
    return this.#preconditions.map(({ key }) => key)
  }

  #anyKey(): string {
    return (this.#writes[0] ?? this.#preconditions[0])?.key ?? 'rdv'
  }
}

/** The transaction's own index. The index of a precondition's key is older. */
const newest = (results: Transacted['Results']): number => {
  const revision = Math.max(0, ...(results ?? []).map(({ KV }) => KV?.ModifyIndex ?? 0))
  if (revision === 0) throw new Error('the answer has no index')
  return revision
}

const refused = (entries: Known): CommitResult => ({
  outcome: 'refused',
  entries: [...entries.values()].filter((entry): entry is Entry => entry !== undefined),
})

/** Consul writes other keys in a transaction, but refuses to read them. */
const requirePrintable = (named: readonly { readonly key: string }[]): void => {
  const strange = named.find(({ key }) => !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(key))
  if (!strange) return
  throw new UsageError(
    `Consul accepts only keys of printable characters, not ${JSON.stringify(strange.key)}`,
  )
}
