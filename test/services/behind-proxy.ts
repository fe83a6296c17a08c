import { afterAll, beforeAll } from 'vitest'
import { startProxy, type TcpProxy } from './proxy.ts'
import type { Service } from './service.ts'

/** A store, and a proxy that can cut it off, for the tests of a block. They exist while the tests run. */
export const behindProxy = (
  start: () => Promise<Service>,
): { readonly store: Service; readonly proxy: TcpProxy } => {
  const running = {} as { store: Service; proxy: TcpProxy }
  beforeAll(async () => {
    running.store = await start()
    running.proxy = await startProxy(running.store)
  })
  afterAll(async () => {
    await running.proxy.stop()
    await running.store.stop()
  })
  return running
}
