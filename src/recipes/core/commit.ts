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

/** The entries of the keys that exist, by key. */
export type Known = ReadonlyMap<string, Entry>

/** A change that is made exactly once. It is a function of the entries of its keys. */
export interface Change<T, P extends Plan<T> = Plan<T>> {
  /** The keys that the plan depends on. The commit has the precondition that they are as the plan was made from. */
  readonly keys: readonly string[]
  /**
   * The entries to make the first plan from. If given, nothing is read before the first commit. Default: the keys are
   * read.
   */
  readonly known?: Known | undefined
  /** Makes a plan from the entries of the keys. May throw to refuse the change. */
  plan(known: Known): P | Promise<P>
  /**
   * Decides whether a plan was applied, from the entries that the keys had when the store refused it. `answered`: the
   * store answered every copy of the commit.
   * @throws LostError no other plan may be made.
   */
  wasApplied(plan: P, known: Known, answered: boolean): Verdict | Promise<Verdict>
  /** Called with the revision of the plan's commit, if the store answered that commit. */
  applied?(plan: P, revision: number): void
}

/** `unknown`: the store no longer shows whether the plan was applied. */
export type Verdict = 'applied' | 'not applied' | 'unknown'

export interface Plan<T> {
  /** Preconditions in addition to those for the change's keys. */
  readonly preconditions?: readonly Precondition[]
  /** Empty if there is nothing to change. */
  readonly writes: readonly Write[]
  /** The result of the change, if the plan is applied or has no writes. */
  readonly result: T
}

/** A pause between two plans. Resolves to true if the known entries may be out of date after it. */
type PlanPause = (signal?: AbortSignal) => Promise<unknown>

/**
 * Makes a change exactly once. Makes a plan from the entries of the change's keys, and commits it with the precondition
 * that these keys are unchanged. If the plan is refused, makes a new one from the entries that the refusal returned.
 * @throws IndeterminateError the store did not answer, and it is unknown whether the change was made.
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
    const { result, unanswered } = await commitUntilAnswered(
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

/** If there is no verdict, the unanswered copy may have been applied, so its error is thrown. */
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

export interface KeyChange<T> {
  readonly key: string
  /** The key is most likely absent, so nothing is read before the first commit. Default: false. */
  readonly fresh?: boolean
  /** Makes a plan from the key's entry. May throw to refuse the change. */
  plan(entry: Entry | undefined): Promise<Plan<T>>
  /** Whether an entry shows that the change was applied. */
  appliedTo(entry: Entry | undefined): boolean
}

/**
 * Like `commitChange`, for one key. If an answer was lost, and the key has changed since then and does not show the
 * change, the result is unknown.
 * @throws IndeterminateError it is unknown whether the change was made.
 */
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
  readonly result: Exclude<CommitResult, { outcome: 'delayed' }>
  /** The error of a copy that was not answered. That copy may have been applied, even if the result is a refusal. */
  readonly unanswered?: IndeterminateError | undefined
}

/**
 * Sends a commit again until the store answers it, and while the store delays the binding of a key. Use it for commits that may be applied twice, or whose preconditions
 * become false when the commit is applied. In the second case, at most one copy is applied, and none after one was
 * refused.
 * @throws IndeterminateError the signal aborted before the store answered.
 * @throws LeaseGoneError a lease is gone, and so is every key that a copy may have bound to it.
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
      const result = await retryUntilAvailable(call, commit)
      return result.outcome === 'delayed' ? undefined : { result, unanswered }
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
