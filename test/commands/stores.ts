import { answerOf } from '../services/answer.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import {
  portOf,
  type Service,
  type Place as ServicePlace,
  startService,
} from '../services/service.ts'
import { program } from './executable.ts'

/** Starts `rdv serve`, as a user does. */
const startServe = (
  name: string,
  flags: (place: ServicePlace) => readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Service> =>
  startService({
    name,
    ports: 1,
    stopSignal: 'SIGTERM',
    url: (place) => `http://127.0.0.1:${portOf(place)}`,
    launch: (place) => {
      const words = ['serve', '--listen', `127.0.0.1:${portOf(place)}`, ...flags(place)]
      const [command, args] = program(words)
      return { command, args, env: { PATH: process.env.PATH, ...env } }
    },
    ready: async (place) => (await answerOf(portOf(place), '/_health')).status === 200,
  })

/** Starts `rdv serve` on a durable store. */
export const startRdvServe = (...flags: string[]): Promise<Service> =>
  startServe('rdv-serve', ({ data }) => ['--data-dir', data, ...flags])

/** Starts `rdv serve` on a durable store, with further variables in its environment. */
export const startRdvServeIn = (env: NodeJS.ProcessEnv, ...flags: string[]): Promise<Service> =>
  startServe('rdv-serve', ({ data }) => ['--data-dir', data, ...flags], env)

/** Starts `rdv serve` in memory. */
export const startMemoryServe = (): Promise<Service> => startServe('rdv-memory', () => [])

/** Starts `rdv serve` in front of another store. */
export const startGateway = (backend: string): Promise<Service> =>
  startServe('rdv-gateway', () => ['--backend', backend])

/** A store behind a network, by the scheme of its URL in `RDV_BACKEND`. */
export interface RemoteStore {
  readonly scheme: string
  readonly start: () => Promise<Service>
}

export const http: RemoteStore = { scheme: 'http', start: () => startRdvServe() }
export const etcd: RemoteStore = { scheme: 'etcd', start: () => startEtcd() }
export const consul: RemoteStore = { scheme: 'consul', start: () => startConsul() }

export const REMOTE_STORES: readonly RemoteStore[] = [http, etcd, consul]
