import { type FSWatcher, watch } from 'node:fs'

/** The poll beneath the file notifications, which not every file system sends. */
const POLL_MS = 100

const RETRY_MS = 2

/**
 * Looks after a notification, milliseconds. The log is written before the commit is made known in shared memory, of
 * which nobody is notified: who is quicker than that sees nothing yet.
 */
const LATE_LOOKS = [1, 4, 16]

/** What a tail calls while it is running. */
export interface TailActions {
  /** Soon after anybody wrote to the database file. */
  readonly look: () => void
  /** Regularly: what is seen of no write, that a process has died, or a time has passed. */
  readonly patrol: () => void
}

/** Tells of what happens to a database file. */
export class Tail {
  readonly #path: string
  readonly #look: () => void
  readonly #patrol: () => void
  #timer: NodeJS.Timeout | undefined
  #watcher: FSWatcher | undefined
  #queued = false
  #later: NodeJS.Timeout[] = []

  constructor(path: string, { look, patrol }: TailActions) {
    this.#path = path
    this.#look = look
    this.#patrol = patrol
  }

  start(): void {
    if (this.#timer) return
    this.#timer = setInterval(this.#patrol, POLL_MS)
    this.#attach()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#clearLater()
    this.#detach()
  }

  /** After the file was replaced by another one. */
  restart(): void {
    if (!this.#timer) return
    this.#detach()
    this.#attach()
  }

  /** Looks once more in a moment: the file was locked. */
  again(): void {
    setTimeout(() => this.#notice(), RETRY_MS)
  }

  /** Every commit appends to the write-ahead log. */
  #attach(): void {
    if (this.#path === ':memory:') return
    try {
      this.#watcher = watch(`${this.#path}-wal`, () => this.#notice())
      this.#watcher.on('error', () => this.#detach())
      open.add(this.#watcher)
    } catch {
      // No notifications here (out of inotify watches, say): the poll does it alone.
    }
  }

  #detach(): void {
    if (!this.#watcher) return
    open.delete(this.#watcher)
    this.#watcher.close()
    this.#watcher = undefined
  }

  /** One commit makes several notifications. */
  #notice(): void {
    if (this.#queued) return
    this.#queued = true
    setImmediate(() => {
      this.#queued = false
      if (!this.#timer) return
      this.#clearLater()
      this.#later = LATE_LOOKS.map((pause) => setTimeout(this.#look, pause))
      this.#look()
    })
  }

  #clearLater(): void {
    for (const timer of this.#later.splice(0)) clearTimeout(timer)
  }
}

/** Where Linux has to remove the last watch of a file by itself, at the end of a process, that may take it 30 ms. */
const open = new Set<FSWatcher>()
process.once('exit', () => {
  for (const watcher of open) watcher.close()
})
