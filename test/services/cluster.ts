import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf } from './answer.ts'
import { findProgram } from './fetch.ts'
import { freePorts } from './ports.ts'
import { programEnvironment } from './programs.ts'
import { type Launch, type ServerProcess, startProcess } from './server-process.ts'
import { temporaryFolder } from './watchdog.ts'

const SIZE = 3

/** Three servers that form one cluster. */
export interface Cluster {
  /** The URL for `RDV_BACKEND`. */
  readonly url: string
  /** The address at which clients reach each server. */
  readonly hosts: readonly string[]
  readonly servers: readonly ServerProcess[]
  /** The index of the leader. Waits until there is a leader. */
  leader(): Promise<number>
  /** Starts a server again, after killing it if it still runs. Resolves once it answers. */
  restart(index: number): Promise<void>
  stop(): Promise<void>
}

interface Member {
  readonly launch: Launch
  readonly log: string
  ready(): Promise<boolean>
}

interface Shape {
  readonly url: string
  readonly ports: readonly number[]
  readonly members: readonly Member[]
  /** The leader's index as one server reports it; -1 if the server knows no leader. */
  leaderAt(port: number): Promise<number>
}

const begin = ({ launch, ready, log }: Member) => startProcess(launch, ready, log)

const start = async ({ url, ports, members, leaderAt }: Shape): Promise<Cluster> => {
  const servers = await Promise.all(members.map(begin))
  return {
    url,
    hosts: ports.map((port) => `127.0.0.1:${port}`),
    servers,
    async leader() {
      for (;;) {
        for (const port of ports.filter((_, i) => !servers[i]?.ended)) {
          const leader = await leaderAt(port).catch(() => -1)
          if (servers[leader]?.ended === false) return leader
        }
      }
    },
    async restart(index) {
      await servers[index]?.end('SIGKILL')
      servers[index] = await begin(members[index] as Member)
    },
    async stop() {
      await Promise.all(servers.map((server) => server.end('SIGKILL')))
    },
  }
}

/** Starts three servers of etcd. */
export const startEtcdCluster = async (): Promise<Cluster> => {
  const program = findProgram('etcd')
  const ports = await freePorts(2 * SIZE)
  const [clients, peers] = [ports.slice(0, SIZE), ports.slice(SIZE)]
  const peerUrls = peers.map((port) => `http://127.0.0.1:${port}`)
  const member = (client: number, index: number): Member => {
    const folder = temporaryFolder('etcd-member')
    const url = `http://127.0.0.1:${client}`
    const args = [
      `--name=m${index}`,
      `--data-dir=${join(folder, 'data')}`,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--listen-peer-urls=${peerUrls[index]}`,
      `--initial-advertise-peer-urls=${peerUrls[index]}`,
      `--initial-cluster=${peerUrls.map((peer, i) => `m${i}=${peer}`).join(',')}`,
      '--log-level=warn',
      '--unsafe-no-fsync',
    ]
    return {
      launch: { command: program.path, args, env: programEnvironment(program) },
      log: join(folder, 'log'),
      ready: async () => (await answerOf(client, '/health')).body.includes('"true"'),
    }
  }
  const status = async (port: number) => {
    const answer = await fetch(`http://127.0.0.1:${port}/v3/maintenance/status`, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(1_000),
    })
    return (await answer.json()) as { header: { member_id: string }; leader?: string }
  }
  return start({
    url: `etcd://${clients.map((port) => `127.0.0.1:${port}`).join(',')}`,
    ports: clients,
    members: clients.map(member),
    async leaderAt(port) {
      const { leader } = await status(port)
      const all = await Promise.all(clients.map((one) => status(one).catch(() => undefined)))
      return leader === undefined ? -1 : all.findIndex((one) => one?.header.member_id === leader)
    },
  })
}

/**
 * Starts three servers of Consul, and an agent that is not a server, as each host has one. Clients talk to the agent.
 */
export const startConsulCluster = async (): Promise<Cluster> => {
  const program = findProgram('consul')
  const ports = await freePorts(3 * (SIZE + 1))
  const [api, rpc, gossip] = [0, 1, 2].map((part) => ports.filter((_, i) => i % 3 === part)) as [
    number[],
    number[],
    number[],
  ]
  const agent = (index: number): Member => {
    const folder = temporaryFolder('consul-member')
    const configuration = join(folder, 'consul.json')
    const isServer = index < SIZE
    const settings = {
      server: isServer,
      ...(isServer && { bootstrap_expect: SIZE }),
      data_dir: join(folder, 'data'),
      node_name: `m${index}`,
      bind_addr: '127.0.0.1',
      client_addr: '127.0.0.1',
      retry_join: gossip.slice(0, SIZE).map((port) => `127.0.0.1:${port}`),
      retry_interval: '1s',
      ports: {
        ...{ http: api[index], server: rpc[index], serf_lan: gossip[index], serf_wan: -1 },
        ...{ dns: -1, grpc: -1, https: -1 },
        ...(program.version[1] >= 14 && { grpc_tls: -1 }),
      },
      disable_update_check: true,
      disable_host_node_id: true,
      log_level: 'warn',
    }
    writeFileSync(configuration, JSON.stringify(settings))
    const args = ['agent', `-config-file=${configuration}`]
    return {
      launch: { command: program.path, args, env: programEnvironment(program) },
      log: join(folder, 'log'),
      ready: async () => {
        const health = `/v1/health/node/m${index}?consistent`
        const { status, body } = await answerOf(api[index] as number, health)
        return status === 200 && body.includes('"Status":"passing"')
      },
    }
  }
  const cluster = start({
    url: `consul://127.0.0.1:${api[SIZE]}`,
    ports: api.slice(0, SIZE),
    members: [0, 1, 2].map(agent),
    async leaderAt(port) {
      const { body } = await answerOf(port, '/v1/status/leader')
      return rpc.findIndex((one) => body.includes(`:${one}"`))
    },
  })
  const client = agent(SIZE)
  const outside = await begin(client)
  return {
    ...(await cluster),
    async stop() {
      await (await cluster).stop()
      await outside.end('SIGKILL')
    },
  }
}
