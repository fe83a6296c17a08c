import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe } from 'vitest'
import { open } from '../../src/open.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { Place } from '../commands/rdv.ts'
import { REMOTE_STORES } from '../commands/stores.ts'
import { behindProxy } from '../services/behind-proxy.ts'
import type { TcpProxy } from '../services/proxy.ts'
import type { Service } from '../services/service.ts'
import { beside } from '../side-by-side.ts'

/** One store in which processes meet. */
export interface Meeting {
  readonly place: Place
  /** The namespace for calls of this process. It is opened once, and closed at the end. */
  namespace(): Promise<Namespace>
}

/** Runs the same cases on the embedded store and on every remote store. */
export const onEveryStore = (cases: (meeting: Meeting) => void): void => {
  const meetings = [
    { scheme: 'sqlite', start: async (): Promise<Service | undefined> => undefined },
    ...REMOTE_STORES,
  ]
  for (const { scheme, start } of meetings) beside(scheme, () => cases(meetingOn(start)))
}

const meetingOn = (start: () => Promise<Service | undefined>): Meeting => {
  let service: Service | undefined
  let place: Place
  let opened: Promise<Namespace> | undefined
  beforeAll(async () => {
    service = await start()
    place = new Place(service && { RDV_BACKEND: service.url })
  })
  afterAll(async () => {
    await (await opened)?.backend.close()
    await service?.stop()
  })
  return {
    get place() {
      return place
    },
    namespace() {
      opened ??= open(service?.url, { env: place.env })
      return opened
    },
  }
}

/** A store that is reached directly, and through a proxy that can cut it off. */
export interface Network {
  readonly proxy: TcpProxy
  connect(): Promise<Namespace>
  connectThroughProxy(): Promise<Namespace>
}

/**
 * Runs the same cases on every store behind a network, one store after the other. All at once they would be slower, and
 * a cut would hit each more often.
 */
export const throughProxies = (cases: (network: Network) => void): void => {
  describe.each(REMOTE_STORES)('$scheme, through a network', ({ scheme, start }) => {
    const behind = behindProxy(start)
    cases({
      get proxy() {
        return behind.proxy
      },
      connect: () => open(behind.store.url, { env: {} }),
      connectThroughProxy: () => open(behind.proxy.url(scheme), { env: {}, callLimit: 2_000 }),
    })
  })
}

/** Cuts the connections again and again. The times between the cuts are random on purpose. */
export const cutAtRandom = async (proxy: TcpProxy, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    await sleep(20 + Math.random() * 300, undefined, { signal }).catch(() => {})
    proxy.cut()
  }
}
