import { ConflictError, NoError, UsageError } from '../base/errors.ts'
import { isInt64, parseInt64 } from '../base/int64.ts'
import { printable } from '../base/redact.ts'
import { type Limits, withDeadline } from './core/deadline.ts'
import { type ChangeOptions, Ledger } from './core/ledger.ts'
import type { Namespace } from './core/namespace.ts'
import type { AnnounceOptions } from './wait/announcement.ts'
import type { JudgeEntries, LazyNamespace } from './wait/stored-condition.ts'
import type { WaitOptions } from './wait/wait.ts'

/** The amount of work of a wait group. */
export interface WaitGroupState {
  /** The work that was added and is not done. */
  readonly pending: bigint
  /** The total work that was ever added. */
  readonly added: bigint
}

export interface WaitGroupOptions extends Limits, Pick<ChangeOptions, 'idempotencyKey'> {}

export interface DoneOptions extends WaitGroupOptions {
  /** The number of pieces of work that are done. Default: 1. */
  readonly count?: bigint | undefined
}

export interface WaitGroupWaitOptions
  extends Pick<WaitOptions, 'timeout' | 'signal' | 'progress'>,
    AnnounceOptions {
  /** Also waits until this much work was added. Default: 0. */
  readonly expect?: bigint | undefined
}

/**
 * Go's WaitGroup across machines: processes add work, mark it as done, and wait until none is left. Each change is made
 * exactly once, as in a `Counter`. All methods throw ConflictError if the stored value is not a wait group.
 */
export class WaitGroup {
  readonly #namespace: Namespace
  readonly #name: string
  readonly #ledger: Ledger

  constructor(namespace: Namespace, name: string) {
    this.#namespace = namespace
    this.#name = name
    this.#ledger = new Ledger(namespace, 'waitgroup', name)
  }

  /**
   * Adds work.
   * @throws NoError the total would not fit into 64 bits.
   */
  add(count = 1n, options: WaitGroupOptions = {}): Promise<WaitGroupState> {
    if (count < 0n)
      throw new UsageError(`${count} is a negative amount of work: use done to mark work as done`)
    return this.#change('add', options, ({ pending, added }) => {
      if (!isInt64(added + count))
        throw new NoError(`adding ${count} to ${this.#name} exceeds 64 bits`)
      return { pending: pending + count, added: added + count }
    })
  }

  /**
   * Marks work as done: all of it at once, or none.
   * @throws NoError less work is pending.
   */
  done({ count = 1n, ...options }: DoneOptions = {}): Promise<WaitGroupState> {
    if (count < 1n)
      throw new UsageError(`${count} is not an amount of done work: write an integer of at least 1`)
    return this.#change('done', options, ({ pending, added }) => {
      if (pending === 0n) throw new NoError(`${this.#name} has no pending work`)
      if (pending < count)
        throw new NoError(`${this.#name} has ${pending} pending: mark at most ${pending} as done`)
      return { pending: pending - count, added }
    })
  }

  /** Waits until nothing is pending. Throws as `wait` does. */
  wait(options: WaitGroupWaitOptions = {}): Promise<WaitGroupState> {
    return waitForGroup(async () => this.#namespace, this.#name, options)
  }

  #change(
    purpose: 'add' | 'done',
    { idempotencyKey, ...limits }: WaitGroupOptions,
    next: (state: WaitGroupState) => WaitGroupState,
  ): Promise<WaitGroupState> {
    const change = (text: string | undefined) => format(next(parse(this.#name, text)))
    return withDeadline(limits, async (signal) =>
      parse(this.#name, await this.#ledger.change(change, { idempotencyKey, purpose, signal })),
    )
  }
}

/** Like `WaitGroup.wait`, but opens the namespace itself. Resolves to the state that was found. */
export const waitForGroup = async (
  namespace: LazyNamespace,
  name: string,
  { expect = 0n, ...options }: WaitGroupWaitOptions = {},
): Promise<WaitGroupState> => {
  let found = EMPTY
  const judge = judgeWaitGroup(name, expect, (state) => {
    found = state
  })
  const { waitForStored } = await import('./wait/wait-stored.ts')
  await waitForStored(namespace, 'waitgroup', name, judge, { expect: String(expect) }, options)
  return found
}

/** Whether at least `expect` work was added and none of it is pending. Calls `found` with the state. */
export const judgeWaitGroup =
  (name: string, expect: bigint, found: (state: WaitGroupState) => void = () => {}): JudgeEntries =>
  ([entry]) => {
    const state = parse(name, entry && Buffer.from(entry.value).toString())
    found(state)
    const holds = state.pending === 0n && state.added >= expect
    return { holds, none: !holds, reason: describe(state, expect) }
  }

const EMPTY: WaitGroupState = { pending: 0n, added: 0n }

const describe = ({ pending, added }: WaitGroupState, expect: bigint): string =>
  added < expect ? `has ${pending} pending, ${added} of ${expect} added` : `has ${pending} pending`

const format = ({ pending, added }: WaitGroupState): string => `pending=${pending} added=${added}`

const parse = (name: string, text: string | undefined): WaitGroupState => {
  if (text === undefined) return EMPTY
  const [, pending, added] = /^pending=(\d+) added=(\d+)\s*$/.exec(text) ?? []
  const state = { pending: parseInt64(pending ?? ''), added: parseInt64(added ?? '') }
  if (state.pending !== undefined && state.added !== undefined) return state as WaitGroupState
  const shown = printable(JSON.stringify(text.slice(0, 60)))
  throw new ConflictError(
    `the wait group ${name} contains ${shown}, which is not a wait group: clear it, or choose another name`,
  )
}
