import type { Dial } from '../connection.ts'
import { grpcDial } from '../grpc/dial.ts'
import type { Location } from '../location.ts'
import { GatewayConnection } from './connection.ts'

/** etcd's JSON gateway. */
export const gatewayDial =
  (location: Location): Dial =>
  (server) =>
    new GatewayConnection({
      ...server,
      overflow: async () => (await grpcDial(location))(server),
    })
