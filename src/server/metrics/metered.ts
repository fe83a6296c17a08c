import type { Backend } from '../../backends/backend.ts'
import { prefixIn, type Space } from '../../recipes/space.ts'
import type { Metrics } from './metrics.ts'
import type { WatchLag } from './watch-lag.ts'

/** The calls of a space's store that are counted, to be put in place of its own. */
export const metered = (
  { backend, namespace }: Space,
  metrics: Metrics,
  lag: WatchLag,
): Pick<Backend, 'commit' | 'grant'> => {
  const signals = prefixIn({ backend, namespace }, 'signal')
  return {
    async commit(guards, writes, options) {
      const result = await metrics.committing(backend.commit(guards, writes, options))
      const signalled = writes.some(({ kind, key }) => kind === 'put' && key.startsWith(signals))
      if (signalled && result.outcome === 'ok') lag.acknowledged(result.revision)
      return result
    },
    grant: (ttl, options) => metrics.granting(backend.grant(ttl, options)),
  }
}
