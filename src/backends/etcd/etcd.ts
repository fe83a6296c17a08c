import { now } from '../../base/clock.ts'
import {
  type CoordinationError,
  IndeterminateError,
  LeaseGoneError,
  LostError,
} from '../../base/errors.ts'
import type {
  Backend,
  CallOptions,
  CommitResult,
  Diagnosable,
  Diagnosis,
  Entry,
  Lease,
  Listing,
  Precondition,
  Traits,
  WatchEvent,
  Write,
} from '../backend.ts'
import { checkCommit } from '../operations.ts'
import { WatchQueue } from '../watch/watch-queue.ts'
import { isFull } from './alarms.ts'
import { Cluster, type ClusterOptions, type Operation } from './cluster.ts'
import { revisionOf } from './codec.ts'
import { diagnose } from './diagnosis.ts'
import { Code, codeOf, isExhausted, isRefusal, reasonOf, translate } from './failure.ts'
import { grantLease, renewLease, revokeLease } from './lease.ts'
import type { Member } from './member.ts'
import { readRevision, readScope } from './range.ts'
import { leasesOf, resultOf, transactionOf } from './transaction.ts'
import { Watcher } from './watcher.ts'

export interface EtcdOptions extends ClusterOptions {
  readonly traits: Traits
  /** Milliseconds after which a single call is given up. */
  readonly callLimit: number
}

/** The servers of one etcd cluster, version 3.4 or later. */
export class EtcdBackend implements Backend, Diagnosable {
  readonly address: string
  readonly traits: Traits
  readonly #limit: number
  readonly #cluster: Cluster
  readonly #watches = new Set<WatchQueue>()

  constructor({ traits, callLimit, ...cluster }: EtcdOptions) {
    this.address = cluster.location.address
    this.traits = traits
    this.#limit = callLimit
    this.#cluster = new Cluster(cluster)
  }

  async get(key: string, options: CallOptions = {}): Promise<Entry | undefined> {
    return (await this.#ask(options, readScope(key))).entries[0]
  }

  list(
    scope: string,
    options: CallOptions & { after?: string; limit?: number } = {},
  ): Promise<Listing> {
    return this.#ask(options, readScope(scope, options))
  }

  /** Half of the limit is for finding a server that answers. So the other half remains for the write. */
  async commit(
    preconditions: readonly Precondition[],
    writes: readonly Write[],
    options: CallOptions = {},
  ): Promise<CommitResult> {
    checkCommit(preconditions, writes, this.traits)
    const giveUp = now() + this.#limit
    const member = await this.#ask(options, provenMember, this.#limit / 2)
    options.signal?.throwIfAborted()
    const before = member.revision
    try {
      return await this.#cluster.callMember(
        member,
        options,
        giveUp - now(),
        apply(preconditions, writes),
      )
    } catch (error) {
      if (isRefusal(error) && !options.signal?.aborted) throw refusalOf(error, writes, this.address)
      const refusal = isExhausted(error) && (await this.#turnedAway(error, before, giveUp - now()))
      throw refusal || this.#unanswered(error)
    }
  }

  async *watch(scope: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
    signal.throwIfAborted()
    const stop = new AbortController()
    const cancel = () => {
      stop.abort()
      queue.fail(signal.reason)
    }
    const queue = new WatchQueue(() => {
      stop.abort()
      signal.removeEventListener('abort', cancel)
      this.#watches.delete(queue)
    })
    signal.addEventListener('abort', cancel, { once: true })
    this.#watches.add(queue)
    const watcher = new Watcher({ cluster: this.#cluster, scope, queue, limit: this.#limit })
    void watcher.run(stop.signal)
    yield* queue
  }

  grant(ttl: number, options: CallOptions = {}): Promise<Lease> {
    return this.#ask(options, grantLease(Math.max(ttl, this.traits.minTtl)))
  }

  async renew(id: string, options: CallOptions = {}): Promise<number> {
    const ttl = await this.#ask(options, renewLease(id))
    if (ttl === 0) throw new LeaseGoneError(id)
    return ttl
  }

  revoke(id: string, options: CallOptions = {}): Promise<void> {
    return this.#ask(options, revokeLease(id))
  }

  async diagnose(options: CallOptions = {}): Promise<Diagnosis> {
    try {
      return await diagnose(this.#cluster, options, this.#limit)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw translate(error, this.address)
    }
  }

  async close(): Promise<void> {
    for (const queue of this.#watches) queue.fail(new LostError(`${this.address} was closed`))
    this.#cluster.close()
  }

  async #ask<T>(options: CallOptions, operation: Operation<T>, limit = this.#limit): Promise<T> {
    const giveUp = now() + limit
    try {
      return await this.#cluster.call(options, limit, operation)
    } catch (error) {
      options.signal?.throwIfAborted()
      const full = isExhausted(error) && (await this.#isFull(giveUp - now()))
      throw translate(error, this.address, full ? false : undefined)
    }
  }

  #isFull(limit: number): Promise<boolean> {
    return this.#cluster.call({}, limit, isFull).catch(() => false)
  }

  /**
   * The error that says that nothing was written, or `undefined` if that is uncertain: a full store may apply a write
   * and still refuse it. If the store's revision has not changed, nothing was written.
   */
  async #turnedAway(
    error: unknown,
    before: number,
    limit: number,
  ): Promise<CoordinationError | undefined> {
    const giveUp = now() + limit
    const after = await this.#cluster.call({}, limit, readRevision).catch(() => undefined)
    if (after !== before) return undefined
    return translate(error, this.address, !(await this.#isFull(giveUp - now())))
  }

  #unanswered(cause: unknown): IndeterminateError {
    const reason = reasonOf(cause)
    return new IndeterminateError(
      `${this.address} did not answer a write, which may or may not have been applied: ${reason}`,
      { cause },
    )
  }
}

/** A server that has answered just now, so that a write may be sent to it. */
const provenMember: Operation<Member> = async (services, member, signal) => {
  await member.prove(() => readRevision(services, member, signal))
  return member
}

const apply =
  (preconditions: readonly Precondition[], writes: readonly Write[]): Operation<CommitResult> =>
  async ({ kv }, member) => {
    const response = await kv.txn(transactionOf(preconditions, writes))
    member.answered(revisionOf(response.header.revision))
    return resultOf(preconditions, response)
  }

/** If etcd does not find something that a transaction of rdv names, it is a lease. */
const refusalOf = (
  error: unknown,
  writes: readonly Write[],
  address: string,
): CoordinationError => {
  const sessions = leasesOf(writes)
  return codeOf(error) === Code.notFound && sessions.length > 0
    ? new LeaseGoneError(sessions.join(', '), { cause: error })
    : translate(error, address)
}
