import type { Dial } from '../connection.ts'
import type { Location } from '../location.ts'
import { GrpcConnection } from './connection.ts'

/** Dials etcd's own interface through etcd3, which takes a while to load. */
export const grpcDial = async ({ tls, hosts }: Location): Promise<Dial> => {
  if (tls) (await import('./server-name.ts')).allowAddresses(hosts)
  const vendor = await import('etcd3')
  return (server) => new GrpcConnection(vendor, server)
}
