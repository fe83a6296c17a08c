import type { Table } from './table.ts'

type Change<T> = (table: Table) => T

/** A change that waits for its group. */
interface Member {
  readonly change: Change<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Carries out all changes that arrive in one turn of the event loop in one transaction. Together they cost one write to
 * the disk. No caller gets an answer before that write is done.
 */
export class CommitGroup {
  readonly #transact: (
    changes: readonly Change<unknown>[],
  ) => Promise<PromiseSettledResult<unknown>[]>
  #members: Member[] = []

  /** `transact` applies changes as `Table.applyAll` does. */
  constructor(
    transact: (changes: readonly Change<unknown>[]) => Promise<PromiseSettledResult<unknown>[]>,
  ) {
    this.#transact = transact
  }

  /** Settles with what the change returns or throws, once the transaction is on the disk. */
  apply<T>(change: Change<T>): Promise<T> {
    if (this.#members.length === 0) setImmediate(() => this.#commit())
    return new Promise((resolve, reject) => {
      this.#members.push({ change, resolve: resolve as Member['resolve'], reject })
    })
  }

  async #commit(): Promise<void> {
    const members = this.#members
    this.#members = []
    try {
      const results = await this.#transact(members.map(({ change }) => change))
      for (const [index, result] of results.entries()) settle(members[index], result)
    } catch (error) {
      for (const { reject } of members) reject(error)
    }
  }
}

const settle = (member: Member | undefined, result: PromiseSettledResult<unknown>): void => {
  if (result.status === 'fulfilled') member?.resolve(result.value)
  else member?.reject(result.reason)
}
