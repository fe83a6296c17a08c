import type {
  Backend,
  CallOptions,
  CommitResult,
  Entry,
  Precondition,
  Write,
} from '../../backends/backend.ts'
import { absent, unchanged } from '../../backends/operations.ts'
import { backoff } from '../../base/backoff.ts'
import { CoordinationError, IndeterminateError, LeaseGoneError } from '../../base/errors.ts'
import { retry, retryUntilAvailable } from './retry.ts'

/** The entries of keys that exist, by key. */
export type Known = ReadonlyMap<string, Entry>

/** A change that is made exactly once, as a function of what its keys are. */
export interface Change<T, P extends Plan<T> = Plan<T>> {
  /** The keys that the plan depends on. The commit requires each of them to be what the plan was made from. */
  readonly keys: readonly string[]
  /** What the keys are taken for at first: nothing is read before the first commit. Default: they are read. */
  readonly known?: Known | undefined
  /** Makes a plan from what the keys are. May throw to refuse the change. */
  plan(known: Known): P | Promise<P>
  /**
   * Whether the plan was applied, from what the keys are after the store refused it. `answered`: every copy of the commit
   * was answered.
   * @throws LostError no other plan is to be made.
   */
  wasApplied(plan: P, known: Known, answered: boolean): Verdict | Promise<Verdict>
  /** Told of the revision of the plan's commit, where the store answered it. */
  applied?(plan: P, revision: number): void
}

/** `unknown`: the store no longer shows whether it was applied. */
export type Verdict = 'applied' | 'not applied' | 'unknown'

export interface Plan<T> {
  /** Beside those for the change's keys. */
  readonly preconditions?: readonly Precondition[]
  /** None: there is nothing to change. */
  readonly writes: readonly Write[]
  /** What the change gives if it is applied. */
  readonly result: T
}

/** A pause between two plans. Resolves to true if it took so long that what was known is out of date. */
type PlanPause = (signal?: AbortSignal) => Promise<unknown>

/**
 * Makes a change exactly once: plans it from what its keys are, and commits the plan under the precondition that they still are
 * that. A plan that is refused is made anew from the entries that refused it.
 * @throws IndeterminateError the store did not answer, and it cannot be known whether the change was made.
 */
export const commitChange = async <T, P extends Plan<T>>(
  backend: Backend,
  change: Change<T, P>,
  call: CallOptions,
  pauses: Iterator<PlanPause, never> = backoff(),
): Promise<T> => {
  let known = change.known ?? (await readKeys(backend, change.keys, call))
  for (;;) {
    const plan = await retryUntilAvailable(call, async () => change.plan(known))
    if (plan.writes.length === 0) return plan.result
    const preconditions = [...preconditionsOf(change.keys, known), ...(plan.preconditions ?? [])]
    const { result, unanswered } = await commitUntilDecided(
      backend,
      preconditions,
      plan.writes,
      call,
    )
    if (result.outcome === 'ok') {
      change.applied?.(plan, result.revision)
      return plan.result
    }
    known = byKey(result.entries)
    const verdict = await judge(change, plan, known, unanswered)
    if (verdict === 'applied') return plan.result
    if (verdict === 'unknown' && unanswered) throw unanswered
    const outdated = await pauses.next().value(call.signal)
    call.signal?.throwIfAborted()
    if (outdated === true) known = await readKeys(backend, change.keys, call)
  }
}

/** Without a verdict it stays open what became of the copy that was not answered. */
const judge = async <T, P extends Plan<T>>(
  change: Change<T, P>,
  plan: P,
  known: Known,
  unanswered: IndeterminateError | undefined,
): Promise<Verdict> => {
  try {
    return await change.wasApplied(plan, known, unanswered === undefined)
  } catch (error) {
    throw error instanceof CoordinationError && error.kind === 'lost'
      ? error
      : (unanswered ?? error)
  }
}

/** A change of one key. */
export interface KeyChange<T> {
  readonly key: string
  /** The key is most likely absent: nothing is read before the first commit. */
  readonly fresh?: boolean
  /** From the key's entry: what to write, and what the change gives. May throw to refuse the change. */
  plan(entry: Entry | undefined): Promise<Plan<T>>
  /** Whether an entry shows that the change was applied. */
  appliedTo(entry: Entry | undefined): boolean
}

/** As `commitChange`. A key that has changed since a lost answer, and does not show the change, leaves it open. */
export const changeKey = <T>(
  backend: Backend,
  { key, fresh, plan, appliedTo }: KeyChange<T>,
  call: CallOptions,
): Promise<T> =>
  commitChange(
    backend,
    {
      keys: [key],
      known: fresh ? NOTHING : undefined,
      plan: (known) => plan(known.get(key)),
      wasApplied: (_, known, answered) => {
        if (answered) return 'not applied'
        return appliedTo(known.get(key)) ? 'applied' : 'unknown'
      },
    },
    call,
  )

export interface CommitAnswer {
  readonly result: CommitResult
  /** Why a refusal does not mean that nothing was written: a copy that was not answered may have been applied. */
  readonly unanswered?: IndeterminateError | undefined
}

/**
 * Sends a commit again until the store answers it. For commits whose preconditions do not hold any more once it was
 * applied, so that of all the copies one at most is applied, and none after one was refused; or that may be applied twice.
 * @throws IndeterminateError the signal aborted before an answer came.
 * @throws LeaseGoneError a lease is gone, and with it whatever a copy may have bound to it.
 */
export const commitUntilAnswered = async (
  backend: Backend,
  preconditions: readonly Precondition[],
  writes: readonly Write[],
  call: CallOptions,
): Promise<CommitAnswer> => {
  let unanswered: IndeterminateError | undefined
  const attempt = async (): Promise<CommitAnswer | undefined> => {
    try {
      const commit = () => backend.commit(preconditions, writes, call)
      return { result: await retryUntilAvailable(call, commit), unanswered }
    } catch (error) {
      if (!(error instanceof IndeterminateError)) throw error
      unanswered = error
      return undefined
    }
  }
  try {
    return await retry(call, attempt)
  } catch (error) {
    throw error instanceof LeaseGoneError ? error : (unanswered ?? error)
  }
}

/** As `commitUntilAnswered`, and again while the store lets nobody bind a key yet. */
const commitUntilDecided = async (
  backend: Backend,
  preconditions: readonly Precondition[],
  writes: readonly Write[],
  call: CallOptions,
) => {
  let unanswered: IndeterminateError | undefined
  const attempt = async () => {
    const { result, ...answer } = await commitUntilAnswered(backend, preconditions, writes, call)
    unanswered ??= answer.unanswered
    return result.outcome === 'delayed' ? undefined : { result, unanswered }
  }
  try {
    return await retry(call, attempt)
  } catch (error) {
    throw error instanceof LeaseGoneError ? error : (unanswered ?? error)
  }
}

const readKeys = async (
  backend: Backend,
  keys: readonly string[],
  call: CallOptions,
): Promise<Known> => {
  if (keys.length === 0) return NOTHING
  const read = () => Promise.all(keys.map((key) => backend.get(key, call)))
  const entries = await retryUntilAvailable(call, read)
  return byKey(entries.filter((entry) => entry !== undefined))
}

const preconditionsOf = (keys: readonly string[], known: Known): Precondition[] =>
  keys.map((key) => {
    const entry = known.get(key)
    return entry ? unchanged(key, entry.modRevision) : absent(key)
  })

const byKey = (entries: readonly Entry[]): Known =>
  new Map(entries.map((entry) => [entry.key, entry]))

const NOTHING: Known = new Map()
