import { TimeoutError } from '../errors.ts'

/** So many keys whose wait timed out, and so many probed ones, are remembered. */
const REMEMBERED = 1_000

/** Who waits for what, as `GET /` tells it. Paths are with their leading slash. */
export class Bookkeeping {
  readonly #waiting = new Map<string, number>()
  readonly #failed = new Set<string>()
  readonly #probed = new Set<string>()

  /** Runs a wait for a path, and remembers it if its time runs out. */
  async during<T>(path: string, wait: () => Promise<T>): Promise<T> {
    this.#count(path, 1)
    try {
      const result = await wait()
      this.#failed.delete(path)
      return result
    } catch (error) {
      if (error instanceof TimeoutError) remember(this.#failed, path)
      throw error
    } finally {
      this.#count(path, -1)
    }
  }

  /** A probe was up: no store knows of that. */
  probed(path: string): void {
    remember(this.#probed, path)
  }

  /** Paths that somebody waits for, and paths that were waited for in vain and are not marked since. */
  waitingAndFailed(marked: ReadonlySet<string>): string[] {
    const failed = [...this.#failed].filter((path) => !marked.has(path))
    return [...new Set([...this.#waiting.keys(), ...failed])].sort()
  }

  get probedPaths(): readonly string[] {
    return [...this.#probed]
  }

  #count(path: string, by: number): void {
    const count = (this.#waiting.get(path) ?? 0) + by
    if (count === 0) this.#waiting.delete(path)
    else this.#waiting.set(path, count)
  }
}

/** The newest ones stay. */
const remember = (paths: Set<string>, path: string): void => {
  paths.delete(path)
  paths.add(path)
  if (paths.size <= REMEMBERED) return
  for (const oldest of paths) {
    paths.delete(oldest)
    return
  }
}
