import { transportOf } from '../../http-client.ts'
import type { Dial } from '../connection.ts'
import { grpcDial } from '../grpc/dial.ts'
import type { Location } from '../location.ts'
import { GatewayConnection } from './connection.ts'

/** etcd's JSON gateway. */
export const gatewayDial = async (location: Location): Promise<Dial> => {
  const transport = await transportOf(location.tls !== undefined)
  return (server) =>
    new GatewayConnection({
      ...server,
      transport,
      overflow: async () => (await grpcDial(location))(server),
    })
}
