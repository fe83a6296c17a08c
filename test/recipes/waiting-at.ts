import { openBackend } from '../../src/backends/open.ts'
import { Follower } from '../backends/conformance/harness.ts'
import type { Service } from '../services/service.ts'

/** Resolves once this number of sessions queue directly below a prefix. With `ours`, only sessions of rdv count. */
export const waitingAt = async (
  service: Service,
  prefix: string,
  count: number,
  ours?: 'ours',
): Promise<void> => {
  const backend = await openBackend(service.url, { env: {} })
  const follower = new Follower(backend, prefix)
  await follower.until((known) => {
    const queueing = [...known.values()].filter(
      ({ key, lease, value }) =>
        lease !== undefined && key === prefix + lease && (!ours || value.byteLength > 0),
    )
    return queueing.length === count
  })
  await follower.stop()
  await backend.close()
}
