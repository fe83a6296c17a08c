import { setTimeout as sleep } from 'node:timers/promises'
import { prefixIn, type Space } from '../space.ts'
import { follow } from '../view.ts'
import type { StatusRow } from './row.ts'
import { status, WATCHED } from './status.ts'

/** A busy store is looked at no more often than this, milliseconds. */
const AT_MOST_EVERY = 200

/** Topics are not watched, since every message would be a change: they are looked at this often, milliseconds. */
const AT_LEAST_EVERY = 2_000

/** The status, and again each time that it has changed, until the signal aborts. */
export async function* watchStatus(space: Space, signal: AbortSignal): AsyncGenerator<StatusRow[]> {
  const changes = new Changes(space, signal)
  for (let shown = ''; ; ) {
    const rows = await status(space, { signal })
    const text = JSON.stringify(rows)
    if (text !== shown) yield rows
    shown = text
    await sleep(AT_MOST_EVERY, undefined, { signal }).catch(() => {})
    await changes.next(AbortSignal.any([signal, AbortSignal.timeout(AT_LEAST_EVERY)]))
    signal.throwIfAborted()
  }
}

/** Whether anything of what is watched has changed. */
class Changes {
  #some = true
  #ring: (() => void) | undefined
  #failure: unknown

  constructor(space: Space, signal: AbortSignal) {
    for (const kind of WATCHED) void this.#watch(space, prefixIn(space, kind), signal)
  }

  /** Waits until something has changed since the last call, or the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    const ended = new Promise<void>((resolve) => {
      this.#ring = resolve
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
    if (!this.#some && !signal.aborted) await ended
    if (this.#failure) throw this.#failure
    this.#some = false
  }

  async #watch(space: Space, scope: string, signal: AbortSignal): Promise<void> {
    try {
      for await (const { interrupted } of follow(space.backend, scope, signal)) {
        if (!interrupted) this.#note()
      }
    } catch (error) {
      if (!signal.aborted) this.#failure = error
      this.#note()
    }
  }

  #note(): void {
    this.#some = true
    this.#ring?.()
  }
}
