import type { OpenOptions, Traits } from '../backend.ts'
import { CALL_LIMIT } from '../network/call-limit.ts'
import { EtcdBackend } from './etcd.ts'
import { gatewayDial } from './gateway/dial.ts'
import { type Location, locate } from './location.ts'

export const traits: Traits = {
  name: 'etcd',
  reach: 'network',
  // The server raises a TTL to one and a half times its election timeout, in whole seconds: 1 s becomes 2 s.
  minTtl: 2_000,
  maxTtl: 9_000_000_000_000,
  defaultTtl: 15_000,
  expiryFactor: 1,
  seesDeath: false,
  // A request may have 1.5 MiB, and a put that keeps the key's lease contains its value twice.
  maxCommitBytes: 640 * 1024,
  // etcd allows 128 operations. A put that keeps the key's lease takes one of them for the comparison inside it.
  maxCommitOperations: 127,
  waiters: 'announced',
}

/** Opens `etcd://[user:password@]host:2379,host2:2379`, or `etcds://…` with TLS. Sends nothing to the servers yet. */
export const open = async (
  url: string,
  { env, callLimit = CALL_LIMIT, shortLived = false }: OpenOptions,
): Promise<EtcdBackend> => {
  const location = locate(url, env)
  const fallback = async () => (await import('./grpc/dial.ts')).grpcDial(location)
  const dial = shortLived && mayUseGateway(location) ? gatewayDial(fallback) : await fallback()
  return new EtcdBackend({ location, dial, fallback, traits, callLimit })
}

/** The gateway does not tell etcd the name in the client's certificate. */
const mayUseGateway = ({ tls, login }: Location): boolean =>
  login !== undefined || tls?.current.cert === undefined
