import { TimeoutError } from '../../base/errors.ts'
import { keepNewest } from '../../base/keep-newest.ts'
import type { Wait } from '../activity/wait.ts'
import type { Awaited, Waits } from '../activity/waits.ts'

/** So many keys whose wait timed out, and so many probed ones, are remembered. */
const MAX_REMEMBERED = 1_000

/** Who waits for what, as `GET /` tells it. Paths are with their leading slash. */
export class WaitHistory {
  readonly #waits: Waits
  readonly #failed = new Set<string>()
  readonly #probed = new Set<string>()

  constructor(waits: Waits) {
    this.#waits = waits
  }

  /**
   * Runs a wait for a path, and remembers it if its time runs out. `about`: what is known of it besides; unless it says
   * so no signal releases it.
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

  /** A wait that `released` or `failed` is told of. */
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

  /** A probe was up: no store knows of that. */
  probed(path: string): void {
    remember(this.#probed, path)
  }

  /** Paths that somebody waits for, and paths that were waited for in vain and are not marked since. */
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

/** The newest ones stay. */
const remember = (paths: Set<string>, path: string): void => {
  paths.delete(path)
  paths.add(path)
  keepNewest(paths, MAX_REMEMBERED)
}
