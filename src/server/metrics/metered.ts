import type { Backend } from '../../backends/backend.ts'
import { type Namespace, prefixIn } from '../../recipes/core/namespace.ts'
import type { Metrics } from './metrics.ts'
import type { WatchLag } from './watch-lag.ts'

/** Returns counted versions of the calls of a namespace's store, which replace the store's own calls. */
export const metered = (
  { backend, name }: Namespace,
  metrics: Metrics,
  lag: WatchLag,
): Pick<Backend, 'commit' | 'grant'> => {
  const signals = prefixIn({ backend, name }, 'signal')
  return {
    async commit(preconditions, writes, options) {
      const result = await metrics.committing(backend.commit(preconditions, writes, options))
      const signalled = writes.some(({ kind, key }) => kind === 'put' && key.startsWith(signals))
      if (signalled && result.outcome === 'ok') lag.acknowledged(result.revision)
      return result
    },
    grant: (ttl, options) => metrics.granting(backend.grant(ttl, options)),
  }
}
