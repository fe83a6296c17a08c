import { answerOf } from '../services/answer.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import {
  portOf,
  type Service,
  type Place as ServicePlace,
  startService,
} from '../services/service.ts'
import { executable } from './rdv.ts'

/** Starts `rdv serve` on a durable store, as a user does. */
export const startRdvServe = (...flags: string[]): Promise<Service> =>
  startService({
    name: 'rdv-serve',
    ports: 1,
    stopSignal: 'SIGTERM',
    url: (place) => `http://127.0.0.1:${portOf(place)}`,
    launch: (place) => ({
      command: process.execPath,
      args: [executable, 'serve', ...listen(place), ...flags],
      env: { PATH: process.env.PATH },
    }),
    ready: async (place) => (await answerOf(portOf(place), '/_health')).status === 200,
  })

const listen = (place: ServicePlace): string[] => [
  ...['--listen', `127.0.0.1:${portOf(place)}`],
  ...['--data-dir', place.data],
]

/** Every store that is reached by a network, each as `RDV_BACKEND` names it. */
export const REMOTE_STORES: readonly { scheme: string; start: () => Promise<Service> }[] = [
  { scheme: 'http', start: () => startRdvServe() },
  { scheme: 'etcd', start: () => startEtcd() },
  { scheme: 'consul', start: () => startConsul() },
]
