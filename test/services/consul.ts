import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf } from './answer.ts'
import type { TlsFiles } from './certificates.ts'
import { findProgram } from './fetch.ts'
import { type Program, programEnvironment } from './programs.ts'
import { type Place, portOf, type Service, startService } from './service.ts'

export interface ConsulOptions {
  /** Serves TLS with these files; with `verifyClients` only to clients with a certificate. */
  readonly tls?: TlsFiles
  readonly verifyClients?: boolean
  /** Enables access control: everything is denied without this token (a UUID), and allowed with it. */
  readonly aclToken?: string
  /** Further settings of the agent. */
  readonly config?: Readonly<Record<string, unknown>>
}

const off = -1

const ports = ({ ports: all }: Place, options: ConsulOptions, program: Program) => {
  const [api, server, serf] = all
  return {
    http: options.tls ? off : api,
    https: options.tls ? api : off,
    server,
    serf_lan: serf,
    serf_wan: off,
    dns: off,
    grpc: off,
    ...(program.version[1] >= 14 ? { grpc_tls: off } : {}),
  }
}

const tlsSettings = ({ tls, verifyClients = false }: ConsulOptions) =>
  tls && {
    ca_file: tls.ca,
    cert_file: tls.cert,
    key_file: tls.key,
    verify_incoming_https: verifyClients,
  }

const aclSettings = ({ aclToken }: ConsulOptions) =>
  aclToken && {
    acl: {
      enabled: true,
      default_policy: 'deny',
      tokens: { master: aclToken, agent: aclToken },
    },
  }

const settings = (place: Place, options: ConsulOptions, program: Program) => ({
  server: true,
  bootstrap_expect: 1,
  data_dir: place.data,
  node_name: 'test',
  bind_addr: '127.0.0.1',
  client_addr: '127.0.0.1',
  ports: ports(place, options, program),
  performance: { raft_multiplier: 1 },
  disable_update_check: true,
  disable_host_node_id: true,
  log_level: 'warn',
  ...tlsSettings(options),
  ...aclSettings(options),
  ...options.config,
})

const configuration = (place: Place): string => join(place.folder, 'consul.json')

/** Sessions can be created once the node's own health check passes. */
const ready = async (place: Place, { tls, aclToken }: ConsulOptions): Promise<boolean> => {
  const headers = aclToken ? { 'X-Consul-Token': aclToken } : undefined
  const path = '/v1/health/node/test?consistent'
  const { status, body } = await answerOf(portOf(place), path, { tls, headers })
  return status === 200 && body.includes('"Status":"passing"')
}

const clientEnvironment = (options: ConsulOptions): Record<string, string> => ({
  ...(options.tls ? { CONSUL_CACERT: options.tls.ca } : {}),
  ...(options.tls && options.verifyClients
    ? { CONSUL_CLIENT_CERT: options.tls.clientCert, CONSUL_CLIENT_KEY: options.tls.clientKey }
    : {}),
  ...(options.aclToken ? { CONSUL_HTTP_TOKEN: options.aclToken } : {}),
})

/** Starts Consul as a cluster of one server, whose data survives a restart. */
export const startConsul = (options: ConsulOptions = {}): Promise<Service> => {
  const program = findProgram('consul')
  return startService({
    name: 'consul',
    ports: 3,
    environment: clientEnvironment(options),
    url: (place) => `consul${options.tls ? 's' : ''}://127.0.0.1:${portOf(place)}`,
    prepare: (place) =>
      writeFileSync(configuration(place), JSON.stringify(settings(place, options, program))),
    launch: (place) => ({
      command: program.path,
      args: ['agent', `-config-file=${configuration(place)}`],
      env: programEnvironment(program),
    }),
    ready: (place) => ready(place, options),
  })
}
