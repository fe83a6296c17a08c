import type { ICallable, IOptions } from 'etcd3'
import type { TlsMaterial } from '../../network/tls-files.ts'

export type Vendor = typeof import('etcd3')

/** The name of one of etcd's services. */
export type Service = Parameters<ICallable<unknown>['exec']>[0]

/** Pings that break a dead connection, which nothing waits on: etcd lets clients ping every 5 s at most. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 6_000, 'grpc.keepalive_timeout_ms': 5_000 }

/** A server that was restarted is found soon, its name looked up again too. */
const RECONNECT = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.dns_min_time_between_resolutions_ms': 500,
}

/** Lists and backlogs of watches may be long. Nothing is sent twice, through a web proxy, or configured by DNS. */
const CONDUCT = {
  'grpc.max_receive_message_length': -1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
}

let opened = 0

/** etcd3's channels to a server: what it makes gRPC's clients of etcd's services with. */
export const channelsTo = (
  vendor: Vendor,
  host: string,
  tls: TlsMaterial | undefined,
): ICallable<unknown> => {
  class Channels extends vendor.Etcd3 {
    get callable(): ICallable<unknown> {
      return this.pool
    }
  }
  return new Channels({
    hosts: host,
    credentials: tls && credentials(tls),
    grpcOptions: channelOptions(),
  }).callable
}

const credentials = ({ ca = '', cert, key }: TlsMaterial) => ({
  rootCertificate: Buffer.from(ca),
  ...(cert && { certChain: Buffer.from(cert) }),
  ...(key && { privateKey: Buffer.from(key) }),
})

/** gRPC shares TCP connections between channels of equal options: those of another backend are not ours to share. */
const channelOptions = (): IOptions['grpcOptions'] => ({
  ...KEEPALIVE,
  ...RECONNECT,
  ...CONDUCT,
  'grpc.primary_user_agent': `rdv/${++opened}`,
})
