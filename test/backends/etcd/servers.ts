import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openBackend } from '../../../src/backends/open.ts'
import { answerOf } from '../../services/answer.ts'
import { type EtcdOptions, startEtcd } from '../../services/etcd.ts'
import { findProgram } from '../../services/fetch.ts'
import { temporaryFolder } from '../../services/guard.ts'
import { freePorts } from '../../services/ports.ts'
import { programEnvironment } from '../../services/programs.ts'
import { startProxy } from '../../services/proxy.ts'
import { startProcess } from '../../services/server-process.ts'
import type { Service } from '../../services/service.ts'

/** Runs one command of etcdctl on a server, and resolves to what it prints. */
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

/** How a client talks to it: as long-lived programs do, and as short commands. */
export const ways = [
  { way: 'gRPC', brief: false },
  { way: 'its JSON gateway', brief: true },
]

export interface HarnessOptions extends EtcdOptions {
  /** Clients are those of short commands, which talk to the JSON gateway. */
  readonly brief?: boolean
}

/** One server, and a proxy in front of it. */
export const startHarness = async ({ brief = false, ...options }: HarnessOptions = {}) => {
  const service = await startEtcd(options)
  const proxy = await startProxy(service)
  const env = service.environment
  return {
    url: service.url,
    service,
    proxy,
    connect: (open?: { callLimit?: number }) => openBackend(service.url, { env, brief, ...open }),
    connectThroughProxy: (open?: { callLimit?: number }) =>
      openBackend(service.url.replace(/:\d+$/, `:${proxy.port}`), { env, brief, ...open }),
    stop: async () => {
      await proxy.stop()
      await service.stop()
    },
  }
}

/** Three servers that are one cluster. */
export const startCluster = async () => {
  const program = findProgram('etcd')
  const ports = await freePorts(6)
  const [clients, peers] = [ports.slice(0, 3), ports.slice(3)]
  const peerUrls = peers.map((port) => `http://127.0.0.1:${port}`)
  const start = (index: number) => {
    const folder = temporaryFolder('etcd-member')
    const client = `http://127.0.0.1:${clients[index]}`
    const args = [
      `--name=m${index}`,
      `--data-dir=${join(folder, 'data')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peerUrls[index]}`,
      `--initial-advertise-peer-urls=${peerUrls[index]}`,
      `--initial-cluster=${peerUrls.map((url, i) => `m${i}=${url}`).join(',')}`,
      '--log-level=warn',
      '--unsafe-no-fsync',
    ]
    const healthy = async () =>
      (await answerOf(clients[index] as number, '/health')).body.includes('"true"')
    return startProcess(
      { command: program.path, args, env: programEnvironment(program) },
      healthy,
      join(folder, 'log'),
    )
  }
  const servers = await Promise.all([start(0), start(1), start(2)])
  return {
    servers,
    hosts: clients.map((port) => `127.0.0.1:${port}`),
    stop: () => Promise.all(servers.map((server) => server.end('SIGKILL'))),
  }
}
