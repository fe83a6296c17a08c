import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import type { Backend, Entry, Traits } from '../../src/backends/backend.ts'
import { open } from '../../src/open.ts'
import { Follower, present } from '../backends/conformance/harness.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { Place } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

interface Store {
  readonly url: string
  stop(): Promise<void>
}

/** The embedded store. */
export const localStore = async (): Promise<Store> => ({
  url: `sqlite://${join(temporaryFolder('queues'), 'rdv.db')}`,
  stop: async () => {},
})

/** Every store on which processes meet. */
export const STORES: readonly { scheme: string; start: () => Promise<Store> }[] = [
  { scheme: 'sqlite', start: localStore },
  ...REMOTE_STORES,
]

/** A new namespace, and the queue entries of one queue in it. */
export interface Queue {
  readonly place: Place
  /** Resolves once the queue has this number of entries. */
  until(length: number): Promise<void>
  /** The queue entries, oldest first. */
  members(): Entry[]
  stop(): Promise<void>
}

/** Starts a store for the cases of the surrounding `describe`. */
export const startedStore = (start: () => Promise<Store>, kind: string) => {
  const running: { store?: Store; backend?: Backend } = {}
  let count = 0
  beforeAll(async () => {
    running.store = await start()
    running.backend = (await open(running.store.url, { env: {} })).backend
  })
  afterAll(async () => {
    await running.backend?.close()
    await running.store?.stop()
  })
  return {
    get traits(): Traits {
      return present(running.backend).traits
    },
    /** Ends a session from outside. */
    revoke: (lease: string | undefined) => present(running.backend).revoke(present(lease)),
    queue(name: string): Queue {
      const namespace = `case${++count}`
      const prefix = `${namespace}/${kind}/${name}/`
      const follower = new Follower(present(running.backend), prefix)
      const members = () =>
        [...follower.known.values()]
          .filter(({ key, lease }) => key === `${prefix}${lease}`)
          .sort((a, b) => a.createRevision - b.createRevision)
      return {
        place: new Place({ RDV_BACKEND: present(running.store).url, RDV_NAMESPACE: namespace }),
        until: (length) => follower.until(() => members().length === length),
        members,
        stop: () => follower.stop(),
      }
    },
  }
}
