import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { open } from '../../src/open.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { Follower, present } from '../backends/conformance/harness.ts'
import { REMOTE_STORES } from '../commands/stores.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { besideEach } from '../side-by-side.ts'

interface Store {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Two clients of one running store, and a namespace for each case. The second client is opened as short commands open
 * it.
 */
export interface Clients {
  readonly url: string
  readonly a: Backend
  readonly b: Backend
  /** The same new namespace for both clients. */
  namespaces(): { a: Namespace; b: Namespace }
}

const local = (url: () => string) => async (): Promise<Store> => ({
  url: url(),
  stop: async () => {},
})

const STORES: readonly { name: string; start: () => Promise<Store> }[] = [
  { name: 'memory', start: local(() => 'memory:') },
  { name: 'sqlite', start: local(() => `sqlite://${join(temporaryFolder('store'), 'rdv.db')}`) },
  ...REMOTE_STORES.map(({ scheme, start }) => ({ name: scheme, start })),
]

/** Runs the same cases on every store. */
export const onEveryStore = (cases: (clients: Clients) => void): void => {
  besideEach(STORES, 'on $name', ({ start }) => {
    const running: { store?: Store; a?: Backend; b?: Backend } = {}
    let count = 0
    beforeAll(async () => {
      const store = await start()
      const a = (await open(store.url, { env: {} })).backend
      // as a command would open it
      const b =
        store.url === 'memory:' ? a : (await open(store.url, { env: {}, shortLived: true })).backend
      Object.assign(running, { store, a, b })
    })
    afterAll(async () => {
      await running.a?.close()
      await running.b?.close()
      await running.store?.stop()
    })
    cases({
      get url() {
        return present(running.store).url
      },
      get a() {
        return present(running.a)
      },
      get b() {
        return present(running.b)
      },
      namespaces() {
        const name = `case-${process.pid}-${++count}`
        return {
          a: { backend: present(running.a), name },
          b: { backend: present(running.b), name },
        }
      },
    })
  })
}

/** Resolves once the namespace is empty. */
export const untilEmpty = async ({ backend, name }: Namespace): Promise<void> => {
  const follower = new Follower(backend, `${name}/`)
  await follower.until((known, events) => events.length > 0 && known.size === 0)
  await follower.stop()
}

/** Starts a call that queues. Resolves once it has its queue entry. */
export const queued = async <T>(
  start: (onQueued: (key: string) => void) => Promise<T>,
): Promise<{ readonly key: string; readonly turn: Promise<T> }> => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const turn = start(resolve)
  turn.catch(() => {})
  const key = await Promise.race([promise, turn.then(() => promise)])
  return { key, turn }
}

export const sessionOf = (key: string): string => present(key.split('/').at(-1))

export const aborts = async (signal: AbortSignal): Promise<unknown> => {
  if (!signal.aborted) await once(signal, 'abort')
  return signal.reason
}
