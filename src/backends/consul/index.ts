import type { OpenOptions, Traits } from '../backend.ts'
import { CALL_LIMIT } from '../network/call-limit.ts'
import { Connection } from './connection.ts'
import { ConsulBackend } from './consul.ts'
import { locate } from './location.ts'

export const traits: Traits = {
  name: 'consul',
  reach: 'network',
  minTtl: 10_000,
  maxTtl: 24 * 3_600_000,
  // With Consul's defaults, a cluster may be without a leader for up to 20 s, and on busy machines for up to 30 s.
  defaultTtl: 45_000,
  expiryFactor: 2,
  seesDeath: false,
  // A transaction's body has at most 512 KiB. That is enough for this much in base64 and 32 long keys, each named
  // twice.
  maxCommitBytes: 320_000,
  // A transaction has at most 64 operations, and taking a key over from another session needs two.
  maxCommitOperations: 32,
  waiters: 'announced',
}

/** Opens `consul://host:8500`, or `consuls://host:8501` with TLS. Sends nothing to the store yet. */
export const open = async (
  url: string,
  { env, callLimit = CALL_LIMIT }: OpenOptions,
): Promise<ConsulBackend> => {
  const location = locate(url, env)
  const { default: Consul } = await import('consul')
  return new ConsulBackend(new Connection(Consul, location, callLimit), traits)
}
