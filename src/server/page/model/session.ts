import type { Activity, ActivityEvents } from '../../activity/protocol.ts'
import { type Connection, follow } from './follow.ts'
import { LiveActivity } from './live-activity.ts'
import { TopicRates } from './rates.ts'

const TOKEN = 'rendezvous-token'

/** The state of the page at one moment. */
export interface Shown {
  readonly connection: Connection
  /** Absent until the server has sent it. It stays while the server is unreachable. */
  readonly activity?: Activity
}

/**
 * Follows a server, and notifies its subscribers of changes. Changes of the activity are collected until the next frame
 * is drawn.
 */
export class Session {
  readonly rates = new TopicRates()
  #shown: Shown = { connection: { state: 'connecting' } }
  #live: LiveActivity | undefined
  /** The server's clock minus this machine's clock, in milliseconds. */
  #ahead = 0
  #stopped: number | undefined
  #scheduled = false
  #following: AbortController | undefined
  readonly #subscribers = new Set<() => void>()

  get shown(): Shown {
    return this.#shown
  }

  /** The server's clock. It stands still while the server is unreachable, because later changes are not known. */
  get now(): number {
    return this.#stopped ?? Date.now() + this.#ahead
  }

  /** Whether the page has a token, because the server has asked for one. */
  get hasToken(): boolean {
    return sessionStorage.getItem(TOKEN) !== null
  }

  start(token = sessionStorage.getItem(TOKEN) ?? undefined): void {
    this.#following?.abort()
    this.#following = new AbortController()
    void follow(this.#listener, token, this.#following.signal)
  }

  /** Uses this token. It is stored only for this tab, until the tab is closed. */
  unlock(token: string): void {
    sessionStorage.setItem(TOKEN, token)
    this.#tell({ ...this.#shown, connection: { state: 'connecting' } })
    this.start(token)
  }

  subscribe(subscriber: () => void): () => void {
    this.#subscribers.add(subscriber)
    return () => this.#subscribers.delete(subscriber)
  }

  readonly #listener = {
    connection: (connection: Connection) => {
      this.#stopped = connection.state === 'lost' ? this.now : undefined
      this.#tell({ ...this.#shown, connection })
    },
    event: (event: Partial<ActivityEvents>) => {
      if (event.activity) this.#begin(event.activity)
      else this.#live?.apply(event)
      if (event.status) this.rates.note(event.status, this.now)
      this.#schedule()
    },
  }

  #begin(activity: Activity): void {
    this.#ahead = activity.server.now - Date.now()
    this.#live = new LiveActivity(activity)
    this.rates.note(activity.status, this.now)
  }

  /** A page in the background is not drawn. It shows all changes when it becomes visible. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    requestAnimationFrame(() => {
      this.#scheduled = false
      if (this.#live) this.#tell({ ...this.#shown, activity: this.#live.snapshot() })
    })
  }

  #tell(shown: Shown): void {
    this.#shown = shown
    for (const subscriber of this.#subscribers) subscriber()
  }
}
