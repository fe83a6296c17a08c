import { BEAT, type Patience } from '../patience.ts'
import { revisionOf } from './codec.ts'
import type { Services } from './connection.ts'
import { isFinal } from './failure.ts'

/** Who waits on a silent connection. */
export interface PulseListener {
  /** The server does not answer any more. */
  dead(cause: unknown): void
  /** It lives, and its store has this revision. */
  lives?(revision: number): void
}

/** A read that costs the server next to nothing, and no majority. */
const ALIVE = { key: Buffer.from('\0'), keys_only: true, limit: 1, serializable: true }

/**
 * Tells those who wait on silent connections whether the server still answers: it is asked something small. HTTP/1.1 has no
 * ping, and gRPC's may come every five seconds at most, or etcd closes the connection.
 */
export class Pulse {
  readonly #services: (signal: AbortSignal) => Services
  readonly #listeners = new Set<PulseListener>()
  readonly #patience: Patience
  #timer: NodeJS.Timeout | undefined

  constructor(services: (signal: AbortSignal) => Services, patience: Patience) {
    this.#services = services
    this.#patience = patience
  }

  /** Until what is returned is called. */
  join(listener: PulseListener): () => void {
    this.#listeners.add(listener)
    this.#timer ??= setTimeout(() => this.#beat(), BEAT)
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.#stop()
    }
  }

  async #beat(): Promise<void> {
    try {
      const revision = await this.#ask()
      this.#timer?.refresh()
      for (const { lives } of [...this.#listeners]) if (revision) lives?.(revision)
    } catch (cause) {
      this.#stop()
      const listeners = [...this.#listeners]
      this.#listeners.clear()
      for (const { dead } of listeners) dead(cause)
    }
  }

  /** Nothing where it does not want to tell. */
  async #ask(): Promise<number | undefined> {
    const signal = AbortSignal.timeout(this.#patience.limit)
    try {
      const { header } = await this.#services(signal).kv.range(ALIVE)
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
