import type { Namespace } from '../../recipes/core/namespace.ts'
import type { StatusRow } from '../../recipes/status/row.ts'
import { status } from '../../recipes/status/status.ts'
import { watchStatus } from '../../recipes/status/watch-status.ts'

/** Milliseconds for one read of the status. */
const LIMIT = 5_000

interface StatusListener {
  changed(rows: readonly StatusRow[]): void
  /** Called when the store can no longer be followed. */
  failed(error: unknown): void
}

/**
 * The status of a namespace, which is followed only while there are viewers. It omits waits, because waits are sent as
 * events of their own.
 */
export class WatchedStatus {
  readonly #namespace: Namespace
  readonly #listener: StatusListener
  #watching: AbortController | undefined
  #rows: readonly StatusRow[] | undefined

  constructor(namespace: Namespace, listener: StatusListener) {
    this.#namespace = namespace
    this.#listener = listener
  }

  /** The rows that are known so far. */
  get known(): readonly StatusRow[] {
    return this.#rows ?? []
  }

  /** Returns the current rows. */
  async read(): Promise<readonly StatusRow[]> {
    return this.#rows ?? withoutWaits(await status(this.#namespace, { timeout: LIMIT }))
  }

  /** Follows the status until `stop`. Resolves when the first rows are known, or cannot be read. */
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
