import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { FULL } from './failure.ts'

/** Bytes that are left to others. */
const RESERVED = 64 * 1024

/** What SQLite would say later, when it takes the log into the file. */
class DiskFullError extends Error {
  readonly errcode = FULL
}

/**
 * Keeps a database from needing more room than its disk has. A commit goes into the log, which may have room already; but
 * a log that can never be taken into the file cannot be begun anew either, and then no session is renewed.
 */
export class DiskSpace {
  readonly #path: string
  /** Bytes that the file is known to have. */
  #allocated = 0

  constructor(path: string) {
    this.#path = path
  }

  /** @throws NoRoomError a database of this size has no room. */
  require(size: number): void {
    if (size <= this.#allocated) return
    this.#allocated = statSync(this.#path).size
    if (size > this.#allocated && this.#left() < size - this.#allocated + RESERVED)
      throw new DiskFullError('no space left for the database')
  }

  #left(): number {
    const { bavail, bfree, bsize } = statfsSync(dirname(this.#path))
    return (process.getuid?.() === 0 ? bfree : bavail) * bsize
  }
}
