import type { Dial } from '../connection.ts'
import { GatewayConnection } from './connection.ts'

/** etcd's JSON gateway; what is too much for it goes another way. */
export const gatewayDial =
  (otherwise: () => Promise<Dial>): Dial =>
  (server) =>
    new GatewayConnection({
      ...server,
      overflow: async () => (await otherwise())(server),
    })
