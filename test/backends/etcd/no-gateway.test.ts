import { describe, expect, test } from 'vitest'
import { put } from '../../../src/backends/operations.ts'
import { withoutGateway } from '../../services/etcd.ts'
import { Follower } from '../conformance/harness.ts'
import { startHarness } from './servers.ts'

describe.each(await withoutGateway())('an etcd $what', ({ options }) => {
  test('serves short commands too', async () => {
    const harness = await startHarness({ shortLived: true, ...options })
    const client = await harness.connect()
    const follower = new Follower(client, 'a/')
    expect((await client.commit([], [put('a/k', 'x')])).outcome).toBe('ok')
    await follower.until(() => follower.state('a/k') === 'x')
    const { id } = await client.grant(15_000)
    expect(await client.renew(id)).toBe(15_000)
    await client.revoke(id)
    await follower.stop()
    await client.close()
    await harness.stop()
  })
})
