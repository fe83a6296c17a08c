import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { answerOf } from './answer.ts'
import type { TlsFiles } from './certificates.ts'
import { findProgram } from './fetch.ts'
import { freePorts } from './ports.ts'
import { type Program, programEnvironment } from './programs.ts'
import { type Place, portOf, type Service, startService } from './service.ts'

export interface EtcdOptions {
  /** Serves TLS with these files; with `verifyClients` only to clients with a certificate. */
  readonly tls?: TlsFiles
  readonly verifyClients?: boolean
  /** Enables authentication. The user may read and write everything. */
  readonly auth?: { readonly user: string; readonly password: string }
  /** Starts etcd 3.4 instead of 3.5. */
  readonly old?: boolean
  /** The port of the health check, if it is not the clients' port. */
  readonly healthPort?: number | undefined
  /** Further arguments of the server. */
  readonly flags?: readonly string[]
}

const scheme = (options: EtcdOptions): string => (options.tls ? 'https' : 'http')

const tlsFlags = ({ tls, verifyClients = false }: EtcdOptions): string[] => {
  if (!tls) return []
  const own = [`--cert-file=${tls.cert}`, `--key-file=${tls.key}`]
  return verifyClients ? [...own, '--client-cert-auth', `--trusted-ca-file=${tls.ca}`] : own
}

const serverFlags = (place: Place, options: EtcdOptions, program: Program): string[] => {
  const [client, peer] = place.ports
  const clientUrl = `${scheme(options)}://127.0.0.1:${client}`
  const peerUrl = `http://127.0.0.1:${peer}`
  return [
    '--name=test',
    `--data-dir=${place.data}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=test=${peerUrl}`,
    '--log-level=warn',
    // the shortest that leaves the smallest TTL of a lease at its usual 2 seconds; a start waits for it
    '--election-timeout=700',
    // the kernel keeps what a killed process wrote
    ...(program.version[1] >= 5 ? ['--unsafe-no-fsync'] : []),
    // the cheapest hash: the usual one takes half a second for each login on a busy machine
    ...(options.auth ? ['--bcrypt-cost=4'] : []),
    ...tlsFlags(options),
    ...(options.flags ?? []),
  ]
}

const tlsEnvironment = ({ tls, verifyClients }: EtcdOptions): Record<string, string> => {
  if (!tls) return {}
  const authority = { ETCDCTL_CACERT: tls.ca }
  return verifyClients
    ? { ...authority, ETCDCTL_CERT: tls.clientCert, ETCDCTL_KEY: tls.clientKey }
    : authority
}

const clientEnvironment = (options: EtcdOptions): Record<string, string> => ({
  ...tlsEnvironment(options),
  ...(options.auth
    ? { ETCDCTL_USER: options.auth.user, ETCDCTL_PASSWORD: options.auth.password }
    : {}),
})

const run = promisify(execFile)

/** Runs one command of etcdctl against a server that does not have authentication yet. */
const etcdctl = async (place: Place, options: EtcdOptions, args: string[]): Promise<void> => {
  const program = findProgram('etcdctl')
  const endpoint = `--endpoints=${scheme(options)}://127.0.0.1:${portOf(place)}`
  await run(program.path, [endpoint, ...args], {
    env: { ...programEnvironment(program), ...tlsEnvironment(options) },
  })
}

const enableAuth = async (place: Place, options: EtcdOptions): Promise<void> => {
  if (!options.auth) return
  const { user, password } = options.auth
  const ctl = (...args: string[]) => etcdctl(place, options, args)
  await ctl('user', 'add', `root:${password}`)
  await ctl('user', 'grant-role', 'root', 'root')
  if (user !== 'root') {
    await ctl('role', 'add', 'everything')
    await ctl('role', 'grant-permission', '--prefix=true', 'everything', 'readwrite', '')
    await ctl('user', 'add', `${user}:${password}`)
    await ctl('user', 'grant-role', user, 'everything')
  }
  await ctl('auth', 'enable')
}

/** Starts etcd with one member. */
export const startEtcd = (options: EtcdOptions = {}): Promise<Service> => {
  const program = findProgram(options.old ? 'etcdOld' : 'etcd')
  return startService({
    name: 'etcd',
    ports: 2,
    environment: clientEnvironment(options),
    url: (place) => `etcd${options.tls ? 's' : ''}://127.0.0.1:${portOf(place)}`,
    launch: (place) => ({
      command: program.path,
      args: serverFlags(place, options, program),
      env: programEnvironment(program),
    }),
    ready: async (place) => {
      const { body } = await answerOf(options.healthPort ?? portOf(place), '/health', {
        tls: options.tls,
      })
      return body.includes('"true"')
    },
    initialise: (place) => enableAuth(place, options),
  })
}

/** Servers without a JSON gateway on the clients' port. */
export const withoutGateway = async (): Promise<{ what: string; options: EtcdOptions }[]> => {
  const [healthPort] = await freePorts(1)
  const elsewhere = `--listen-client-http-urls=http://127.0.0.1:${healthPort}`
  return [
    { what: 'without its JSON gateway', options: { flags: ['--enable-grpc-gateway=false'] } },
    { what: 'whose port speaks gRPC alone', options: { flags: [elsewhere], healthPort } },
  ]
}
