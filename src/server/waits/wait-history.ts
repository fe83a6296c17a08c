import { TimeoutError } from '../../base/errors.ts'
import { keepNewest } from '../../base/keep-newest.ts'
import type { Wait } from '../activity/wait.ts'
import type { Awaited, Waits } from '../activity/waits.ts'

/** The most paths of timed-out waits, and the most probed paths, that are remembered. */
const MAX_REMEMBERED = 1_000

/** The awaited paths, as `GET /` lists them. Paths have their leading slash. */
export class WaitHistory {
  readonly #waits: Waits
  readonly #failed = new Set<string>()
  readonly #probed = new Set<string>()

  constructor(waits: Waits) {
    this.#waits = waits
  }

  /**
   * Runs a wait for a path, and remembers the path if the wait times out. `about` has further facts about the wait. If
   * it names no signal, no signal releases the wait.
   */
  async during<T>(path: string, run: () => Promise<T>, about?: Partial<Awaited>): Promise<T> {
    const wait = this.begin(path, about)
    try {
      const result = await run()
      this.released(wait)
      return result
    } catch (error) {
      this.failed(wait, error)
      throw error
    }
  }

  /** Begins a wait. The caller ends it by `released` or `failed`. */
  begin(path: string, about?: Partial<Awaited>): Wait {
    const target = path.slice(1)
    return this.#waits.begin({ path, target, waiter: {}, signal: undefined, ...about })
  }

  released(wait: Wait): void {
    if (wait.path !== undefined) this.#failed.delete(wait.path)
    this.#waits.end(wait, 'released')
  }

  failed(wait: Wait, error: unknown): void {
    const { path } = wait
    if (error instanceof TimeoutError && path !== undefined) remember(this.#failed, path)
    this.#waits.fail(wait, error)
  }

  /** Notes that a probe was up, because no store knows this. */
  probed(path: string): void {
    remember(this.#probed, path)
  }

  /** Returns the paths of pending waits, and the paths of timed-out waits that are not marked. */
  waitingAndFailed(marked: ReadonlySet<string>): string[] {
    const failed = [...this.#failed].filter((path) => !marked.has(path))
    return [...new Set([...this.#waiting(), ...failed])].sort()
  }

  get probedPaths(): readonly string[] {
    return [...this.#probed]
  }

  *#waiting(): Generator<string> {
    for (const { path } of this.#waits.open) if (path !== undefined) yield path
  }
}

/** Remembers a path, and forgets the oldest ones. */
const remember = (paths: Set<string>, path: string): void => {
  paths.delete(path)
  paths.add(path)
  keepNewest(paths, MAX_REMEMBERED)
}
