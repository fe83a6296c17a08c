import { open } from '../../src/open.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { Follower, text } from '../backends/conformance/harness.ts'
import type { Service } from '../services/service.ts'

/** Sees each change of a key as soon as the store has it. */
export class Observer {
  readonly #namespace: Namespace
  readonly #follower: Follower

  private constructor(namespace: Namespace, key: string) {
    this.#namespace = namespace
    this.#follower = new Follower(namespace.backend, `rdv/signal/${key}`)
  }

  static async of(store: Service, key: string): Promise<Observer> {
    const observer = new Observer(await open(store.url, { env: {} }), key)
    await observer.#follower.until((_, events) => events.length > 0)
    return observer
  }

  until(state: string): Promise<void> {
    return this.#follower.until((known) =>
      [...known.values()].some((entry) => text(entry) === state),
    )
  }

  untilGone(): Promise<void> {
    return this.#follower.until((known) => known.size === 0)
  }

  /** The number of writes of the key that were seen. */
  get writes(): number {
    return this.#follower.events.filter(({ kind }) => kind === 'changes').length
  }

  async stop(): Promise<void> {
    await this.#follower.stop()
    await this.#namespace.backend.close()
  }
}
