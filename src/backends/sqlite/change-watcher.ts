import {
  closeSync,
  existsSync,
  type FSWatcher,
  fchmodSync,
  fchownSync,
  openSync,
  statSync,
  watch,
  writeSync,
} from 'node:fs'

/** The time between two patrols, milliseconds. */
const SCAN_INTERVAL = 250

/** The same where the file system sends no notifications, and the patrol has to find changes, too. */
const POLL_INTERVAL = 100

const RETRY_MS = 2

/**
 * A file beside the database that is written after each commit which others are to see. The log is no good for that:
 * it is written before the commit can be seen, and by each renewal of a session, which concerns nobody.
 */
const bellFileOf = (path: string): string => `${path}-bell`

/** Wakes who follows the database. Where that fails, their polls do it. */
export const notify = (path: string): void => {
  // Without a bell nobody has ever listened.
  if (path === ':memory:' || !existsSync(bellFileOf(path))) return
  try {
    touch(openSync(bellFileOf(path), 'r+'))
  } catch {
    // It may not be written by this user, or there is no descriptor left.
  }
}

const touch = (bell: number): void => {
  try {
    writeSync(bell, '.', 0)
  } finally {
    closeSync(bell)
  }
}

/** For all who may use the database. */
const makeBellFile = (path: string): void => {
  const { mode, uid, gid } = statSync(path)
  const bell = openSync(bellFileOf(path), 'a')
  fchmodSync(bell, mode & 0o777)
  if (process.getuid?.() === 0) fchownSync(bell, uid, gid)
  touch(bell)
}

/** What a tail calls while it is running. */
export interface ChangeListener {
  /** Soon after anybody changed what is in the database. */
  readonly changed: () => void
  /** Regularly: what is seen of no write, that a process has died, or a time has passed. */
  readonly scan: () => void
}

/** Tells of what happens to a database file. */
export class ChangeWatcher {
  readonly #path: string
  readonly #check: () => void
  readonly #scan: () => void
  #timer: NodeJS.Timeout | undefined
  #watcher: FSWatcher | undefined
  #queued = false

  constructor(path: string, { changed, scan }: ChangeListener) {
    this.#path = path
    this.#check = changed
    this.#scan = scan
  }

  /** Whether changes are heard of at once. */
  get isNotified(): boolean {
    return this.#watcher !== undefined
  }

  start(): void {
    if (this.#timer) return
    this.#attach()
    this.#schedule()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#detach()
  }

  /** After the file was replaced by another one. */
  restart(): void {
    if (!this.#timer) return
    this.#detach()
    this.#attach()
    this.#schedule()
  }

  /** Looks once more in a moment: the file was locked. */
  retry(): void {
    setTimeout(() => this.#queueCheck(), RETRY_MS)
  }

  #attach(): void {
    if (this.#path === ':memory:') return
    try {
      if (!existsSync(bellFileOf(this.#path))) makeBellFile(this.#path)
      this.#watcher = watch(bellFileOf(this.#path), (event) => this.#onNotification(event))
      this.#watcher.on('error', () => this.#pollInstead())
      open.add(this.#watcher)
    } catch {
      // No notifications here (out of inotify watches, say): the poll does it alone.
    }
  }

  #schedule(): void {
    clearInterval(this.#timer)
    this.#timer = setInterval(this.#scan, this.isNotified ? SCAN_INTERVAL : POLL_INTERVAL)
  }

  #pollInstead(): void {
    this.#detach()
    if (this.#timer) this.#schedule()
  }

  /** A bell that was removed is made anew. */
  #onNotification(event: string): void {
    if (event === 'rename') this.restart()
    this.#queueCheck()
  }

  #detach(): void {
    if (!this.#watcher) return
    open.delete(this.#watcher)
    this.#watcher.close()
    this.#watcher = undefined
  }

  /** One commit makes several notifications. */
  #queueCheck(): void {
    if (this.#queued) return
    this.#queued = true
    setImmediate(() => {
      this.#queued = false
      if (this.#timer) this.#check()
    })
  }
}

/** Where Linux has to remove the last watch of a file by itself, at the end of a process, that may take it 30 ms. */
const open = new Set<FSWatcher>()
process.once('exit', () => {
  for (const watcher of open) watcher.close()
})
