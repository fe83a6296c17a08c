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
  // By its own defaults a cluster is without a leader for up to 20 s, and on busy machines for up to 30 s.
  defaultTtl: 45_000,
  expiryFactor: 2,
  seesDeath: false,
  // A transaction's body has at most 512 KiB: this much in base64, and 32 long keys, each named twice, fit.
  maxCommitBytes: 320_000,
  // A transaction has at most 64 operations, and taking a key over from another session needs two.
  maxCommitOperations: 32,
  waiters: 'announced',
}

/** `consul://host:8500`, or `consuls://host:8501` with TLS. The store is not asked anything yet. */
export const open = async (
  url: string,
  { env, callLimit = CALL_LIMIT }: OpenOptions,
): Promise<ConsulBackend> => {
  const location = locate(url, env)
  const { default: Consul } = await import('consul')
  return new ConsulBackend(new Connection(Consul, location, callLimit), traits)
}
