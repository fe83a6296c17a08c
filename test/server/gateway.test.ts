import { openBackend } from '../../src/backends/open.ts'
import type { SharedHarness } from '../backends/conformance/harness.ts'
import { sharedConformance } from '../backends/conformance/index.ts'
import { startEtcd } from '../services/etcd.ts'
import { startServe } from './fixtures/serve-process.ts'

/** Two servers in front of one etcd: each client talks to another one. */
const start = async (): Promise<SharedHarness> => {
  const etcd = await startEtcd()
  const one = await startServe({ backend: etcd.url })
  const other = await startServe({ backend: etcd.url })
  const urls = [one.url, other.url]
  return {
    url: one.url,
    connect: (options) => {
      const url = urls.shift() ?? one.url
      urls.push(url)
      return openBackend(url, { env: {}, ...options })
    },
    async stop() {
      for (const service of [one, other, etcd]) await service.stop()
    },
  }
}

sharedConformance(start)
