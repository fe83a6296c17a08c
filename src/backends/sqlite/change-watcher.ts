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

/** Milliseconds between two scans. */
const SCAN_INTERVAL = 250

/** Milliseconds between two scans if the file system sends no notifications. Then the scan must find changes, too. */
const POLL_INTERVAL = 100

const RETRY_MS = 2

/**
 * A file beside the database. A process writes to it after each commit that other processes should see. The log is not
 * suitable for that: it is written before the commit is visible, and by each renewal, which does not concern other
 * processes.
 */
const bellFileOf = (path: string): string => `${path}-bell`

/** Wakes the processes that follow the database. If that fails, their polls find the change. */
export const notify = (path: string): void => {
  // Without a bell file, no process has ever followed the database.
  if (path === ':memory:' || !existsSync(bellFileOf(path))) return
  try {
    touch(openSync(bellFileOf(path), 'r+'))
  } catch {
    // This user may not write to the file, or there is no descriptor left.
  }
}

const touch = (bell: number): void => {
  try {
    writeSync(bell, '.', 0)
  } finally {
    closeSync(bell)
  }
}

/** Creates the file for all users that may use the database. */
const makeBellFile = (path: string): void => {
  const { mode, uid, gid } = statSync(path)
  const bell = openSync(bellFileOf(path), 'a')
  fchmodSync(bell, mode & 0o777)
  if (process.getuid?.() === 0) fchownSync(bell, uid, gid)
  touch(bell)
}

/** The callbacks of a `ChangeWatcher` that has been started. */
export interface ChangeListener {
  /** Called soon after any process changed the content of the database. */
  readonly changed: () => void
  /** Called regularly, to find what no write shows: that a process has died, or that a time has passed. */
  readonly scan: () => void
}

/** Reports what happens to a database file. */
export class ChangeWatcher {
  readonly #pathOf: () => string
  readonly #check: () => void
  readonly #scan: () => void
  #timer: NodeJS.Timeout | undefined
  #watcher: FSWatcher | undefined
  #queued = false

  /** `pathOf` gives the real path of the open file, which changes if the file is replaced. */
  constructor(pathOf: () => string, { changed, scan }: ChangeListener) {
    this.#pathOf = pathOf
    this.#check = changed
    this.#scan = scan
  }

  /** Whether changes are noticed at once. */
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

  /** To be called after the file was replaced by another one. */
  restart(): void {
    if (!this.#timer) return
    this.#detach()
    this.#attach()
    this.#schedule()
  }

  /** Looks again in a moment, because the file was locked. */
  retry(): void {
    setTimeout(() => this.#queueCheck(), RETRY_MS)
  }

  #attach(): void {
    const path = this.#pathOf()
    if (path === ':memory:') return
    try {
      if (!existsSync(bellFileOf(path))) makeBellFile(path)
      this.#watcher = watch(bellFileOf(path), (event) => this.#onNotification(event))
      this.#watcher.on('error', () => this.#pollInstead())
      open.add(this.#watcher)
    } catch {
      // There are no notifications (for example because no inotify watches are left), so only the poll finds changes.
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

  /** A bell file that was removed is created again. */
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

  /** One commit causes several notifications, which are answered by one check. */
  #queueCheck(): void {
    if (this.#queued) return
    this.#queued = true
    setImmediate(() => {
      this.#queued = false
      if (this.#timer) this.#check()
    })
  }
}

/** If Linux removes the last watch of a file itself at the end of a process, that may take 30 ms. */
const open = new Set<FSWatcher>()
process.once('exit', () => {
  for (const watcher of open) watcher.close()
})
