import { TimeoutError } from '../../base/errors.ts'
import { GONE } from '../http/open-requests.ts'
import { Interned } from './interned.ts'
import { Newest } from './newest.ts'
import type { SignalMark } from './protocol.ts'
import type { Outcome, Wait } from './wait.ts'

/** The most pending waits that are listed, and the most ended ones that are kept. */
export const LISTED = 1_000

/** The most characters of a target. A query may be much longer than the key that it asks for. */
const MAX_TEXT_LENGTH = 600

/** A wait that was released in fewer milliseconds does not count: its condition was already true. */
const MAX_CREDITED = 10

/** Finds the newest signal of a period that matches a target. */
type Releasing = (target: string, since: number, until: number) => SignalMark | undefined

/** The description of a new wait. */
export type Awaited = Pick<
  Wait,
  'path' | 'target' | 'waiter' | 'signal' | 'shared' | 'detail' | 'timeout'
> & {
  readonly since?: number
}

/** Called when waits begin and end. */
export interface WaitListener {
  begun(wait: Wait): void
  ended(wait: Wait): void
}

/** All pending waits, and the newest of the ended ones. */
export class Waits {
  readonly #open = new Set<Wait>()
  readonly #ended = new Newest<Wait>(LISTED)
  readonly #releasing: Releasing
  readonly #listener: WaitListener
  readonly #texts = new Interned((text) => text)
  #count = 0

  constructor(releasing: Releasing, listener: WaitListener) {
    this.#releasing = releasing
    this.#listener = listener
  }

  /** The pending waits, oldest first. */
  get open(): ReadonlySet<Wait> {
    return this.#open
  }

  /** The newest ended waits, oldest first. */
  get ended(): Wait[] {
    return this.#ended.all
  }

  /** The oldest of the pending waits, at most `LISTED`. */
  get listed(): Wait[] {
    const listed: Wait[] = []
    for (const wait of this.#open) {
      if (listed.push(wait) === LISTED) break
    }
    return listed
  }

  begin(awaited: Awaited): Wait {
    this.#count++
    const { path, target, waiter, signal, shared, detail, timeout, since = Date.now() } = awaited
    const wait: Wait = {
      id: this.#count,
      path: this.#intern(path),
      target: this.#texts.of(target.slice(0, MAX_TEXT_LENGTH)),
      waiter,
      signal: this.#intern(signal),
      shared: this.#intern(shared),
      detail,
      timeout,
      since,
      told: false,
    }
    this.#open.add(wait)
    this.#listener.begun(wait)
    return wait
  }

  /** Ends a wait. If `outcome` is `undefined`, it is not known how the wait ended. */
  end(wait: Wait, outcome: Outcome | undefined, reason?: string, until = Date.now()): void {
    if (!this.#open.delete(wait)) return
    wait.until = until
    wait.outcome = outcome
    wait.reason = reason
    this.#listener.ended(wait)
    if (wait.told || !this.#wasNone(wait)) this.#ended.add(wait)
  }

  /** Ends a wait that was rejected with this error. */
  fail(wait: Wait, error: unknown): void {
    if (error === GONE) this.end(wait, 'gone')
    else if (error instanceof TimeoutError) this.end(wait, 'timeout', error.pending[0]?.reason)
    else this.end(wait, 'failed', error instanceof Error ? error.message : undefined)
  }

  /**
   * Looks up which signal released a wait. The watch may report the signal shortly after it has released the waiter, so
   * this is called when the wait is sent.
   */
  credit(wait: Wait): Wait {
    const { outcome, signal, since, until } = wait
    if (outcome === 'released' && signal !== undefined && until !== undefined) {
      wait.releasedBy ??= this.#releasing(signal, since, until)?.id
    }
    return wait
  }

  #intern(text: string | undefined): string | undefined {
    return text === undefined ? undefined : this.#texts.of(text)
  }

  #wasNone({ outcome, since, until = since }: Wait): boolean {
    return outcome === 'released' && until - since < MAX_CREDITED
  }
}
