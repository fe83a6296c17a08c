import type { Dial } from '../connection.ts'
import { GatewayConnection } from './connection.ts'

/** Dials etcd's JSON gateway. Watches that are too many for it use the transport of `otherwise`. */
export const gatewayDial =
  (otherwise: () => Promise<Dial>): Dial =>
  (server) =>
    new GatewayConnection({
      ...server,
      overflow: async () => (await otherwise())(server),
    })
