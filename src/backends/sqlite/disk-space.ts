import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { FULL } from './failure.ts'

/** Bytes that are left to other programs. */
const RESERVED = 64 * 1024

/** The error that SQLite would report later, when it moves the log into the file. */
class DiskFullError extends Error {
  readonly errcode = FULL
}

/**
 * Keeps a database from needing more room than its disk has. A commit is written to the log, which may already have
 * room for it. But if the log can never be moved into the file, SQLite cannot restart the log either, and then no
 * session is renewed.
 */
export class DiskSpace {
  readonly #path: string
  /** The size of the file in bytes, as it was last read. */
  #allocated = 0

  constructor(path: string) {
    this.#path = path
  }

  /** @throws DiskFullError the disk has no room for a database of this size (bytes). */
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
