import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Backend, Diagnosable } from '../../../src/backends/backend.ts'
import { openBackend } from '../../../src/backends/open.ts'
import { put } from '../../../src/backends/operations.ts'
import { backoff } from '../../../src/base/backoff.ts'
import { IndeterminateError, UnavailableError } from '../../../src/base/errors.ts'
import { type Cluster, startEtcdCluster } from '../../services/cluster.ts'
import { freePorts } from '../../services/ports.ts'
import { besideEach } from '../../side-by-side.ts'
import { Follower, present } from '../conformance/harness.ts'
import { ways } from './servers.ts'

const LIMIT = 2_000

besideEach(ways, 'an etcd cluster of three over $way', ({ shortLived }) => {
  const started: { cluster?: Cluster; unused?: string } = {}
  const cluster = () => present(started.cluster)
  const open = (...hosts: readonly string[]): Promise<Backend> =>
    openBackend(`etcd://${hosts.join(',')}`, { env: {}, shortLived, callLimit: LIMIT })
  const host = (index: number) => present(cluster().hosts[index])
  const freeze = (...indices: number[]) => {
    for (const index of indices) cluster().servers[index]?.signal('SIGSTOP')
  }
  const thaw = () => {
    for (const server of cluster().servers) server.signal('SIGCONT')
  }

  beforeAll(async () => {
    started.cluster = await startEtcdCluster()
    const [port] = await freePorts(1)
    started.unused = `127.0.0.1:${port}`
  })
  afterAll(async () => {
    await started.cluster?.stop()
  })

  test('is found though the first host of the URL is down', async () => {
    const client = await open(present(started.unused), host(0))
    expect((await client.commit([], [put('down/k', 'x')])).outcome).toBe('ok')
    expect(await client.get('down/k')).toBeDefined()
    const { id } = await client.grant(15_000)
    expect(await client.renew(id)).toBe(15_000)
    const follower = new Follower(client, 'down/k')
    await follower.until((known) => known.size === 1)
    expect(follower.events.map(({ kind }) => kind)).toEqual(['snapshot'])
    await follower.stop()
    await client.close()
  })

  test.each([0, 1, 2])('is found though its member %i is frozen', async (frozen) => {
    const key = `frozen/${frozen}`
    const client = await open(host(frozen), ...cluster().hosts)
    await client.commit([], [put(key, 'before')])
    const follower = new Follower(client, key)
    await follower.until((known) => known.size === 1)
    freeze(frozen)
    await patiently(() => client.get(key))
    await patiently(() => client.commit([], [put(key, 'during')]))
    await follower.until(() => follower.state(key) === 'during')
    thaw()
    expect(follower.known.get(key)).toEqual(await patiently(() => client.get(key)))
    await follower.stop()
    await client.close()
  })

  test('without a majority refuses reads and writes within the call limit, and comes back', async () => {
    const client = await open(...cluster().hosts)
    const watched = await open(host(2))
    await patiently(() => client.commit([], [put('majority/k', 'before')]))
    const follower = new Follower(watched, 'majority/k')
    await follower.until((known) => known.size === 1)
    freeze(0, 1)
    const before = performance.now()
    await expect(client.get('majority/k')).rejects.toThrow(UnavailableError)
    await expect(client.commit([], [put('majority/k', 'lost')])).rejects.toThrow(UnavailableError)
    // less than with the usual limit of 5 s, even on a slow machine
    expect(performance.now() - before).toBeLessThan(2 * 5_000)
    await follower.until((_, events) => events.some(({ kind }) => kind === 'interrupted'))
    const { warnings } = await (client as Backend & Diagnosable).diagnose()
    expect(warnings.filter((warning) => warning.includes('does not answer'))).toHaveLength(2)
    expect(warnings).toContainEqual(expect.stringContaining('no leader'))
    thaw()
    await patiently(() => client.commit([], [put('majority/k', 'after')]))
    await follower.until(() => follower.state('majority/k') === 'after')
    await follower.stop()
    await client.close()
    await watched.close()
  })
})

/** Repeats a call until the cluster works again. */
const patiently = async <T>(call: () => Promise<T>): Promise<T> => {
  for (const pause of backoff()) {
    try {
      return await call()
    } catch (error) {
      const transient = error instanceof UnavailableError || error instanceof IndeterminateError
      if (!transient) throw error
    }
    await pause()
  }
  throw new Error('unreachable')
}
