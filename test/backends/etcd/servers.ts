import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { openBackend } from '../../../src/backends/open.ts'
import { type EtcdOptions, startEtcd } from '../../services/etcd.ts'
import { findProgram } from '../../services/fetch.ts'
import { programEnvironment } from '../../services/programs.ts'
import { startProxy } from '../../services/proxy.ts'
import type { Service } from '../../services/service.ts'

/** Runs one command of etcdctl on a server. Returns its output. */
export const etcdctl = async (service: Service, ...args: string[]): Promise<string> => {
  const program = findProgram('etcdctl')
  const { stdout } = await promisify(execFile)(program.path, args, {
    env: {
      ...programEnvironment(program),
      ...service.environment,
      ETCDCTL_ENDPOINTS: service.url.replace(/^etcd/, 'http'),
    },
  })
  return stdout.trimEnd()
}

/** How a client talks to etcd: as long-lived programs do, or as short commands do. */
export const ways = [
  { way: 'gRPC', shortLived: false },
  { way: 'its JSON gateway', shortLived: true },
]

export interface HarnessOptions extends EtcdOptions {
  /** Whether the clients talk to the JSON gateway, as short commands do. */
  readonly shortLived?: boolean
}

/** Milliseconds for a call to a server that runs: the time of a busy machine. */
const CALL_LIMIT = 30_000

/** One server, and a proxy in front of it. */
export const startHarness = async ({ shortLived = false, ...options }: HarnessOptions = {}) => {
  const service = await startEtcd(options)
  const proxy = await startProxy(service)
  const env = service.environment
  return {
    url: service.url,
    service,
    proxy,
    connect: (open?: { callLimit?: number }) =>
      openBackend(service.url, { env, shortLived, callLimit: CALL_LIMIT, ...open }),
    connectThroughProxy: (open?: { callLimit?: number }) =>
      openBackend(service.url.replace(/:\d+$/, `:${proxy.port}`), { env, shortLived, ...open }),
    stop: async () => {
      await proxy.stop()
      await service.stop()
    },
  }
}
