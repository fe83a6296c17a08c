import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import type { Backend, Change, Entry, WatchEvent } from '../../../src/backends/backend.ts'
import { keyOf } from '../../../src/backends/watch/watch-queue.ts'
import { onTestFinished } from '../../finished.ts'
import type { TcpProxy } from '../../services/proxy.ts'
import type { Service } from '../../services/service.ts'

/** One running store to which independent clients connect. */
export interface Harness {
  /** Creates an independent client, as another process would have it. */
  connect(options?: { callLimit?: number }): Promise<Backend>
  stop(): Promise<void>
}

/** A store that other processes reach by a URL. */
export interface SharedHarness extends Harness {
  readonly url: string
}

/** A store behind a network. Tests can cause faults of both. */
export interface NetworkHarness extends SharedHarness {
  /** The proxy between the store and the clients of `connectThroughProxy`. */
  readonly proxy: TcpProxy
  readonly service: Service
  connectThroughProxy(options?: { callLimit?: number }): Promise<Backend>
}

/** A store with the extension `Claimable`. */
export interface ClaimingHarness extends Harness {
  /** Leaves a lock free, but the store lets no session have it for a moment. */
  delayLock(name: string): Promise<void>
}

/** Two clients of one store for the cases of a file. Each case has keys of its own. */
export interface Pair<H extends Harness> {
  readonly harness: H
  readonly a: Backend
  readonly b: Backend
  /** A prefix that is used only once. */
  prefix(): string
}

/** Starts the store before the cases of the surrounding `describe`, and stops it after them. */
export const pair = <H extends Harness>(start: () => Promise<H>): Pair<H> => {
  const started: { harness?: H; a?: Backend; b?: Backend } = {}
  beforeAll(async () => {
    started.harness = await start()
    started.a = await started.harness.connect()
    started.b = await started.harness.connect()
  })
  afterAll(async () => {
    await started.a?.close()
    await started.b?.close()
    await started.harness?.stop()
  })
  return {
    get harness() {
      return present(started.harness)
    },
    get a() {
      return present(started.a)
    },
    get b() {
      return present(started.b)
    },
    prefix: () => `test-${randomBytes(6).toString('hex')}/signal/`,
  }
}

export const present = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('there is none')
  return value
}

export const text = (entry: Entry | undefined): string | undefined =>
  entry && Buffer.from(entry.value).toString()

/** The entries of a scope that the reader of a watch knows. The reader is stopped at the latest when the test ends. */
export class Follower {
  readonly known = new Map<string, Entry>()
  readonly events: WatchEvent[] = []
  readonly #stop = new AbortController()
  readonly #waiting = new Set<() => void>()
  readonly ended: Promise<unknown>

  constructor(backend: Backend, scope: string) {
    this.ended = this.#read(backend.watch(scope, this.#stop.signal)).catch((error) => error)
    onTestFinished(() => this.stop())
  }

  /** Resolves once `condition` is true. */
  async until(condition: (known: ReadonlyMap<string, Entry>, events: WatchEvent[]) => boolean) {
    while (!condition(this.known, this.events)) {
      const failed = await Promise.race([
        new Promise<undefined>((resolve) => this.#waiting.add(() => resolve(undefined))),
        this.ended.then((error) => ({ error })),
      ])
      if (failed) throw failed.error
    }
  }

  state(key: string): string | undefined {
    return text(this.known.get(key))
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the test has ended'))
    await this.ended
  }

  async #read(events: AsyncIterable<WatchEvent>): Promise<void> {
    for await (const event of events) {
      this.events.push(event)
      if (event.kind === 'snapshot') {
        this.known.clear()
        for (const entry of event.entries) this.known.set(entry.key, entry)
      } else if (event.kind === 'changes') {
        for (const change of event.changes) this.#apply(change)
      }
      for (const wake of this.#waiting) wake()
      this.#waiting.clear()
    }
  }

  #apply(change: Change): void {
    if (change.kind === 'put') this.known.set(keyOf(change), change.entry)
    else this.known.delete(change.key)
  }
}
