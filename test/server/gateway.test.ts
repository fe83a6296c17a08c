import { describe } from 'vitest'
import { openBackend } from '../../src/backends/open.ts'
import {
  type ClaimingHarness,
  type Harness,
  present,
  type SharedHarness,
} from '../backends/conformance/harness.ts'
import { claimingConformance, sharedConformance } from '../backends/conformance/index.ts'
import { delayLock } from '../backends/consul/native.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import { startServe } from './fixtures/serve-process.ts'

/** Connects the clients to these addresses of one store in turn. */
const inTurn = (...urls: string[]): Harness['connect'] => {
  let next = 0
  return (options) => openBackend(present(urls[next++ % urls.length]), { env: {}, ...options })
}

/** Two servers in front of one etcd. The clients use them in turn. */
const startOnEtcd = async (): Promise<SharedHarness> => {
  const etcd = await startEtcd()
  const one = await startServe({ backend: etcd.url })
  const other = await startServe({ backend: etcd.url })
  return {
    url: one.url,
    connect: inTurn(one.url, other.url),
    async stop() {
      for (const service of [one, other, etcd]) await service.stop()
    },
  }
}

/** A server in front of Consul. The clients use the server; with `directly`, every second client uses Consul itself. */
const startOnConsul =
  (others: 'to the server' | 'directly') => async (): Promise<ClaimingHarness> => {
    const consul = await startConsul()
    const server = await startServe({ backend: consul.url })
    return {
      connect: inTurn(server.url, others === 'directly' ? consul.url : server.url),
      delayLock: (name) => delayLock(consul, name),
      async stop() {
        for (const service of [server, consul]) await service.stop()
      },
    }
  }

describe('two servers in front of etcd', () => sharedConformance(startOnEtcd))

describe('a server in front of Consul', () => claimingConformance(startOnConsul('to the server')))

describe('a server in front of Consul, and Consul itself', () =>
  claimingConformance(startOnConsul('directly')))
