import { type AdaptiveTimeout, HEARTBEAT_INTERVAL } from '../network/adaptive-timeout.ts'
import { revisionOf } from './codec.ts'
import type { Services } from './connection.ts'
import { isFinal } from './failure.ts'

/** A watch on a silent connection. */
export interface HeartbeatListener {
  /** Called when the server no longer answers. */
  dead(cause: unknown): void
  /** Called when the server has answered. Its store has this revision. */
  alive?(revision: number): void
}

/** A read that costs the server almost nothing, and needs no majority. */
const PING = { key: Buffer.from('\0'), keys_only: true, limit: 1, serializable: true }

/**
 * Checks by a small request whether the server still answers, for watches on silent connections. HTTP/1.1 has no ping.
 * gRPC's pings may be sent every five seconds at most, or etcd closes the connection.
 */
export class Heartbeat {
  readonly #services: (signal: AbortSignal) => Services
  readonly #listeners = new Set<HeartbeatListener>()
  readonly #timeout: AdaptiveTimeout
  #timer: NodeJS.Timeout | undefined

  constructor(services: (signal: AbortSignal) => Services, timeout: AdaptiveTimeout) {
    this.#services = services
    this.#timeout = timeout
  }

  /** Adds a listener. Returns the function that removes it. */
  join(listener: HeartbeatListener): () => void {
    this.#listeners.add(listener)
    this.#timer ??= setTimeout(() => this.#check(), HEARTBEAT_INTERVAL)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  async #check(): Promise<void> {
    try {
      const revision = await this.#ping()
      this.#timer?.refresh()
      for (const { alive } of [...this.#listeners]) if (revision) alive?.(revision)
    } catch (cause) {
      this.#stop()
      const listeners = [...this.#listeners]
      this.#listeners.clear()
      for (const { dead } of listeners) dead(cause)
    }
  }

  /** Resolves to the store's revision, or to `undefined` if the server refuses the request. */
  async #ping(): Promise<number | undefined> {
    const signal = AbortSignal.timeout(this.#timeout.limit)
    try {
      const { header } = await this.#services(signal).kv.range(PING)
      return revisionOf(header.revision)
    } catch (error) {
      if (isFinal(error)) return undefined
      throw error
    }
  }

  #stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }
}
