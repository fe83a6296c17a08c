import { afterAll, beforeAll } from 'vitest'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { startServe } from './fixtures/serve-process.ts'

/** The stores behind a server: its own memory, or a separate store. */
const STORES: readonly { name: string; start?: () => Promise<Service> }[] = [
  { name: 'memory' },
  { name: 'etcd', start: () => startEtcd() },
  { name: 'consul', start: () => startConsul() },
]

interface Gateway {
  /** The URL of the server. */
  readonly url: string
  /** The URL by which clients of the store itself reach the same keys. */
  readonly store: string
}

/** Runs the same cases with a server in front of each store. */
export const behindEveryGateway = (cases: (gateway: Gateway) => void): void => {
  besideEach(STORES, 'in front of $name', ({ start }) => {
    let store: Service | undefined
    let server: Service | undefined
    beforeAll(async () => {
      store = await start?.()
      server = await startServe(store ? { backend: store.url } : { store: 'memory' })
    })
    afterAll(async () => {
      await server?.stop()
      await store?.stop()
    })
    cases({
      get url() {
        return server?.url ?? ''
      },
      get store() {
        return store?.url ?? this.url
      },
    })
  })
}
