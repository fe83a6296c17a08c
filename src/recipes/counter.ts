import { ConflictError, NoError, UsageError } from '../base/errors.ts'
import { isInt64, parseInt64 } from '../base/int64.ts'
import { printable } from '../base/redact.ts'
import { type Limits, withDeadline } from './core/deadline.ts'
import { type ChangeOptions, Ledger } from './core/ledger.ts'
import type { Namespace } from './core/namespace.ts'
import type { AnnounceOptions } from './wait/announcement.ts'
import type { JudgeEntries, LazyNamespace } from './wait/stored-condition.ts'
import type { WaitOptions } from './wait/wait.ts'

export interface AddOptions extends Limits, Pick<ChangeOptions, 'idempotencyKey'> {}

export interface SetOptions extends Limits {
  /** Sets the counter only if it has this value. */
  readonly ifEquals?: bigint | undefined
}

/** The values that a wait accepts. All given bounds must hold. */
export interface CounterGoal {
  readonly atLeast?: bigint | undefined
  readonly atMost?: bigint | undefined
  readonly equals?: bigint | undefined
}

export type CounterWaitOptions = Pick<WaitOptions, 'timeout' | 'signal' | 'progress'> &
  AnnounceOptions

/**
 * A signed 64-bit number that any number of processes change. An absent counter is 0. The store holds the number as
 * decimal text, which other tools may read and set.
 *
 * If the promise of a change resolves, the change was made exactly once. If it rejects with IndeterminateError, the
 * change was made at most once. If it rejects with another error, the change was not made. All methods throw
 * ConflictError if the stored text is not such a number.
 */
export class Counter {
  readonly #namespace: Namespace
  readonly #name: string
  readonly #ledger: Ledger

  constructor(namespace: Namespace, name: string) {
    this.#namespace = namespace
    this.#name = name
    this.#ledger = new Ledger(namespace, 'counter', name)
  }

  get(limits: Limits = {}): Promise<bigint> {
    return withDeadline(limits, async (signal) => this.#parse(await this.#ledger.read(signal)))
  }

  /**
   * Adds a number, and resolves to the new value.
   * @throws NoError the result would not fit into 64 bits.
   */
  add(by = 1n, { idempotencyKey, ...limits }: AddOptions = {}): Promise<bigint> {
    const next = (value: bigint) => {
      if (!isInt64(value + by))
        throw new NoError(`${this.#name} stays ${value}: a change by ${by} exceeds 64 bits`)
      return value + by
    }
    return withDeadline(limits, (signal) => this.#change(next, { idempotencyKey, signal }))
  }

  /**
   * Sets the counter, and resolves to the new value.
   * @throws NoError the value is not `ifEquals`.
   */
  set(value: bigint, { ifEquals, ...limits }: SetOptions = {}): Promise<bigint> {
    if (!isInt64(value)) throw new UsageError(`${value} exceeds 64 bits`)
    const next = (now: bigint) => {
      if (ifEquals !== undefined && now !== ifEquals) throw new NoError(`${this.#name} is ${now}`)
      return value
    }
    return withDeadline(limits, (signal) => this.#change(next, { signal }))
  }

  /** Waits until the counter reaches the goal, and resolves to its value. Throws as `wait` does. */
  wait(goal: CounterGoal, options: CounterWaitOptions = {}): Promise<bigint> {
    return waitForCounter(async () => this.#namespace, this.#name, goal, options)
  }

  async #change(next: (value: bigint) => bigint, options: ChangeOptions): Promise<bigint> {
    const change = (text: string | undefined) => String(next(this.#parse(text)))
    return this.#parse(await this.#ledger.change(change, options))
  }

  #parse(text: string | undefined): bigint {
    return parseCounter(this.#name, text)
  }
}

/** Like `Counter.wait`, but opens the namespace itself. Resolves to the value that was found. */
export const waitForCounter = async (
  namespace: LazyNamespace,
  name: string,
  goal: CounterGoal,
  options: CounterWaitOptions = {},
): Promise<bigint> => {
  let found = 0n
  const judge = judgeCounter(name, goal, (value) => {
    found = value
  })
  const { waitForStored } = await import('./wait/wait-stored.ts')
  await waitForStored(namespace, 'counter', name, judge, textsOf(goal), options)
  return found
}

/** Whether the counter has reached the goal. Calls `found` with its value. */
export const judgeCounter =
  (name: string, goal: CounterGoal, found: (value: bigint) => void = () => {}): JudgeEntries =>
  ([entry]) => {
    const value = parseCounter(name, entry && Buffer.from(entry.value).toString())
    found(value)
    const holds = isReached(value, goal)
    return { holds, none: !holds, reason: `is ${value}` }
  }

const textsOf = ({ atLeast, atMost, equals }: CounterGoal) => ({
  ...(atLeast !== undefined && { atLeast: String(atLeast) }),
  ...(atMost !== undefined && { atMost: String(atMost) }),
  ...(equals !== undefined && { equals: String(equals) }),
})

const isReached = (value: bigint, { atLeast, atMost, equals }: CounterGoal): boolean =>
  (atLeast === undefined || value >= atLeast) &&
  (atMost === undefined || value <= atMost) &&
  (equals === undefined || value === equals)

const parseCounter = (name: string, text = '0'): bigint => {
  const value = parseInt64(text)
  if (value !== undefined) return value
  const shown = printable(JSON.stringify(text.slice(0, 60)))
  throw new ConflictError(
    `the counter ${name} contains ${shown}, which is not an integer of 64 bits: clear it, or choose another name`,
  )
}
