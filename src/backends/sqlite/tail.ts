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
const PATROL = 250

/** The same where the file system sends no notifications, and the patrol has to find changes, too. */
const POLL = 100

const RETRY_MS = 2

/**
 * A file beside the database that is written after each commit which others are to see. The log is no good for that:
 * it is written before the commit can be seen, and by each renewal of a session, which concerns nobody.
 */
const bellOf = (path: string): string => `${path}-bell`

/** Wakes who follows the database. Where that fails, their polls do it. */
export const ring = (path: string): void => {
  // Without a bell nobody has ever listened.
  if (path === ':memory:' || !existsSync(bellOf(path))) return
  try {
    strike(openSync(bellOf(path), 'r+'))
  } catch {
    // It may not be written by this user, or there is no descriptor left.
  }
}

const strike = (bell: number): void => {
  try {
    writeSync(bell, '.', 0)
  } finally {
    closeSync(bell)
  }
}

/** For all who may use the database. */
const makeBell = (path: string): void => {
  const { mode, uid, gid } = statSync(path)
  const bell = openSync(bellOf(path), 'a')
  fchmodSync(bell, mode & 0o777)
  if (process.getuid?.() === 0) fchownSync(bell, uid, gid)
  strike(bell)
}

/** What a tail calls while it is running. */
export interface TailActions {
  /** Soon after anybody changed what is in the database. */
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

  constructor(path: string, { look, patrol }: TailActions) {
    this.#path = path
    this.#look = look
    this.#patrol = patrol
  }

  /** Whether changes are heard of at once. */
  get hears(): boolean {
    return this.#watcher !== undefined
  }

  start(): void {
    if (this.#timer) return
    this.#attach()
    this.#pace()
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
    this.#pace()
  }

  /** Looks once more in a moment: the file was locked. */
  again(): void {
    setTimeout(() => this.#notice(), RETRY_MS)
  }

  #attach(): void {
    if (this.#path === ':memory:') return
    try {
      if (!existsSync(bellOf(this.#path))) makeBell(this.#path)
      this.#watcher = watch(bellOf(this.#path), (event) => this.#hear(event))
      this.#watcher.on('error', () => this.#deafen())
      open.add(this.#watcher)
    } catch {
      // No notifications here (out of inotify watches, say): the poll does it alone.
    }
  }

  #pace(): void {
    clearInterval(this.#timer)
    this.#timer = setInterval(this.#patrol, this.hears ? PATROL : POLL)
  }

  #deafen(): void {
    this.#detach()
    if (this.#timer) this.#pace()
  }

  /** A bell that was removed is made anew. */
  #hear(event: string): void {
    if (event === 'rename') this.restart()
    this.#notice()
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
      if (this.#timer) this.#look()
    })
  }
}

/** Where Linux has to remove the last watch of a file by itself, at the end of a process, that may take it 30 ms. */
const open = new Set<FSWatcher>()
process.once('exit', () => {
  for (const watcher of open) watcher.close()
})
