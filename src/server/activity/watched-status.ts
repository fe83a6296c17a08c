import type { Namespace } from '../../recipes/core/namespace.ts'
import type { StatusRow } from '../../recipes/status/row.ts'
import { status } from '../../recipes/status/status.ts'
import { watchStatus } from '../../recipes/status/watch-status.ts'

/** Milliseconds that the store may take to tell the status. */
const LIMIT = 5_000

interface StatusListener {
  changed(rows: readonly StatusRow[]): void
  /** The store cannot be followed any more. */
  failed(error: unknown): void
}

/** The status of a namespace, which is followed only while somebody wants to know. The waits are left out: they tell of themselves. */
export class WatchedStatus {
  readonly #namespace: Namespace
  readonly #listener: StatusListener
  #watching: AbortController | undefined
  #rows: readonly StatusRow[] | undefined

  constructor(namespace: Namespace, listener: StatusListener) {
    this.#namespace = namespace
    this.#listener = listener
  }

  /** As far as it was told. */
  get known(): readonly StatusRow[] {
    return this.#rows ?? []
  }

  /** As it is now. */
  async read(): Promise<readonly StatusRow[]> {
    return this.#rows ?? withoutWaits(await status(this.#namespace, { timeout: LIMIT }))
  }

  /** Follows it until `stop`. Resolves when something of it is known, or cannot be. */
  async start(): Promise<void> {
    this.#rows ??= await this.read().catch(() => [])
    if (!this.#watching) void this.#watch()
  }

  stop(): void {
    this.#watching?.abort(new Error('nobody looks on'))
    this.#watching = undefined
    this.#rows = undefined
  }

  async #watch(): Promise<void> {
    const watching = new AbortController()
    this.#watching = watching
    try {
      for await (const rows of watchStatus(this.#namespace, watching.signal)) {
        this.#rows = withoutWaits(rows)
        this.#listener.changed(this.#rows)
      }
    } catch (error) {
      if (!watching.signal.aborted) this.#listener.failed(error)
      if (this.#watching === watching) this.stop()
    }
  }
}

const withoutWaits = (rows: readonly StatusRow[]): StatusRow[] =>
  rows.filter(({ kind }) => kind !== 'wait')
