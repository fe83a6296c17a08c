import type { Backend } from '../../../src/backends/backend.ts'
import { openBackend } from '../../../src/backends/open.ts'
import { startServe } from '../../server/fixtures/serve-process.ts'
import { startProxy } from '../../services/proxy.ts'
import type { NetworkHarness } from '../conformance/harness.ts'
import { sharedConformance } from '../conformance/index.ts'
import { networkConformance } from '../conformance/network.ts'

const start = async (): Promise<NetworkHarness> => {
  const service = await startServe()
  const proxy = await startProxy(service)
  const open = (url: string, callLimit?: number): Promise<Backend> =>
    openBackend(url, { env: {}, callLimit })
  return {
    url: service.url,
    service,
    proxy,
    connect: ({ callLimit } = {}) => open(service.url, callLimit),
    connectThroughProxy: ({ callLimit } = {}) => open(proxy.url('http'), callLimit),
    async stop() {
      await proxy.stop()
      await service.stop()
    },
  }
}

sharedConformance(start)
networkConformance(start)
