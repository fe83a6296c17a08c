import type { ICallable, IOptions } from 'etcd3'
import type { TlsMaterial } from '../../network/tls-files.ts'

export type Vendor = typeof import('etcd3')

/** The name of one of etcd's services. */
export type Service = Parameters<ICallable<unknown>['exec']>[0]

/** Pings break a dead connection on which no call waits. etcd allows a client one ping every 5 s at most. */
const KEEPALIVE = { 'grpc.keepalive_time_ms': 6_000, 'grpc.keepalive_timeout_ms': 5_000 }

/** A server that was restarted is found soon; its name is looked up again, too. */
const RECONNECT = {
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 500,
  'grpc.dns_min_time_between_resolutions_ms': 500,
}

/** Lists and backlogs of watches may be long. gRPC repeats no request, and uses no web proxy and no DNS settings. */
const CONDUCT = {
  'grpc.max_receive_message_length': -1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
}

let opened = 0

/** etcd3's channels to a server. The gRPC clients of etcd's services are made with them. */
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

/** gRPC shares TCP connections between channels of equal options. These differ, so that backends share none. */
const channelOptions = (): IOptions['grpcOptions'] => ({
  ...KEEPALIVE,
  ...RECONNECT,
  ...CONDUCT,
  'grpc.primary_user_agent': `rdv/${++opened}`,
})
