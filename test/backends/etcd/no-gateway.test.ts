import { describe, expect, test } from 'vitest'
import { put } from '../../../src/backends/operations.ts'
import { freePorts } from '../../services/ports.ts'
import { Follower } from '../conformance/harness.ts'
import { startHarness } from './servers.ts'

const [port] = await freePorts(1)

describe.each([
  { what: 'without its JSON gateway', flag: '--enable-grpc-gateway=false' },
  {
    what: 'whose port speaks gRPC alone',
    flag: `--listen-client-http-urls=http://127.0.0.1:${port}`,
    healthPort: port,
  },
])('an etcd $what', ({ flag, healthPort }) => {
  test('serves short commands too', async () => {
    const harness = await startHarness({ brief: true, flags: [flag], healthPort })
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
