import { setTimeout as sleep } from 'node:timers/promises'
import { type Namespace, prefixIn } from '../core/namespace.ts'
import { follow } from '../core/view.ts'
import type { StatusRow } from './row.ts'
import { status, WATCHED } from './status.ts'

/** Milliseconds. The status of a busy store is read no more often than this. */
const MIN_INTERVAL = 200

/**
 * Milliseconds. The longest time between two reads. Topics are not watched, because every message would be a change.
 */
const MAX_INTERVAL = 2_000

/** Yields the status, and yields it again each time that it has changed, until the signal aborts. */
export async function* watchStatus(
  namespace: Namespace,
  signal: AbortSignal,
): AsyncGenerator<StatusRow[]> {
  const changes = new Changes(namespace, signal)
  for (let shown = ''; ; ) {
    const rows = await status(namespace, { signal })
    const text = JSON.stringify(rows)
    if (text !== shown) yield rows
    shown = text
    await sleep(MIN_INTERVAL, undefined, { signal }).catch(() => {})
    await changes.next(AbortSignal.any([signal, AbortSignal.timeout(MAX_INTERVAL)]))
    signal.throwIfAborted()
  }
}

/** Notes whether any watched kind has changed. */
class Changes {
  #some = true
  #wakeReader: (() => void) | undefined
  #failure: unknown

  constructor(namespace: Namespace, signal: AbortSignal) {
    for (const kind of WATCHED) void this.#watch(namespace, prefixIn(namespace, kind), signal)
  }

  /** Waits until there is a change that no earlier call has returned, or until the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#wakeReader = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    if (!this.#some && !signal.aborted) await ended
    if (this.#failure) throw this.#failure
    this.#some = false
  }

  async #watch(namespace: Namespace, scope: string, signal: AbortSignal): Promise<void> {
    try {
      for await (const { interrupted } of follow(namespace.backend, scope, signal)) {
        if (!interrupted) this.#note()
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = error
      this.#note()
    }
  }

  #note(): void {
    this.#some = true
    this.#wakeReader?.()
  }
}
