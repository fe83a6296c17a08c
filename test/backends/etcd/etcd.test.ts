import { expect, test } from 'vitest'
import type { Backend, Diagnosable, WatchEvent } from '../../../src/backends/backend.ts'
import { heldBy, put, putHeld, remove } from '../../../src/backends/operations.ts'
import { IndeterminateError, LeaseGoneError } from '../../../src/base/errors.ts'
import { failureOf } from '../../failure-of.ts'
import { besideEach } from '../../side-by-side.ts'
import { Follower, pair, present, text } from '../conformance/harness.ts'
import { sharedConformance } from '../conformance/index.ts'
import { networkConformance } from '../conformance/network.ts'
import { etcdctl, startHarness, ways } from './servers.ts'

besideEach(ways, 'etcd 3.5 over $way', ({ shortLived }) => {
  sharedConformance(() => startHarness({ shortLived }))
  networkConformance(() => startHarness({ shortLived }))
})

besideEach(ways, 'etcd 3.4 over $way', ({ shortLived }) => {
  sharedConformance(() => startHarness({ shortLived, old: true }))
})

const isReset = (event: WatchEvent): boolean => event.kind === 'snapshot' && event.reset

besideEach(ways, 'on etcd over $way', ({ shortLived }) => {
  const clients = pair(() => startHarness({ shortLived }))

  test('a watch converges though what it missed was compacted away', async () => {
    const prefix = clients.prefix()
    const { proxy, service } = clients.harness
    const client = await clients.harness.connectThroughProxy()
    await clients.a.commit([], [put(`${prefix}gone`, 'x'), put(`${prefix}kept`, '1')])
    const follower = new Follower(client, prefix)
    await follower.until((known) => known.size === 2)
    proxy.refuse()
    await clients.a.commit([], [remove(`${prefix}gone`)])
    await clients.a.commit([], [put(`${prefix}kept`, '2')])
    const { revision } = await clients.a.list(prefix)
    await etcdctl(service, 'compact', String(revision))
    await proxy.accept()
    await follower.until((known) => known.size === 1 && follower.state(`${prefix}kept`) === '2')
    await clients.a.commit([], [put(`${prefix}kept`, '3')])
    await follower.until(() => follower.state(`${prefix}kept`) === '3')
    expect(follower.events.filter(isReset)).not.toEqual([])
    await follower.stop()
    await client.close()
  })

  test('a compaction leaves a watch that misses nothing alone', async () => {
    const prefix = clients.prefix()
    const follower = new Follower(clients.b, prefix)
    await follower.until((_, events) => events.length > 0)
    for (let i = 0; i < 5; i++) {
      await clients.a.commit([], [put(`${prefix}k`, String(i))])
      await follower.until(() => follower.state(`${prefix}k`) === String(i))
      const { revision } = await clients.a.list(prefix)
      await etcdctl(clients.harness.service, 'compact', String(revision))
    }
    expect(follower.events.filter(isReset)).toEqual([])
    await follower.stop()
  })

  test('a lease that etcdctl revokes takes its keys with it, and is gone', async () => {
    const key = `${clients.prefix()}k`
    const { id } = await clients.a.grant(15_000)
    await clients.a.commit([], [putHeld(key, 'x', id)])
    const follower = new Follower(clients.b, key)
    await follower.until((known) => known.has(key))
    await etcdctl(clients.harness.service, 'lease', 'revoke', id)
    await follower.until((known) => !known.has(key))
    await expect(clients.a.renew(id)).rejects.toThrow(LeaseGoneError)
    await follower.stop()
  })

  test('etcdctl reads what we write, and we read what it writes', async () => {
    const key = `${clients.prefix()}k`
    const { service } = clients.harness
    const { id } = await clients.a.grant(15_000)
    await clients.a.commit([], [putHeld(key, 'готов', id)])
    expect(await etcdctl(service, 'get', '--print-value-only', key)).toBe('готов')
    expect(await etcdctl(service, 'lease', 'timetolive', '--keys', id)).toContain(key)
    await etcdctl(service, 'put', key, 'ready')
    expect(await clients.b.get(key)).not.toHaveProperty('session')
    await etcdctl(service, 'put', `--lease=${id}`, key, 'busy')
    expect(await clients.b.get(key)).toMatchObject({ lease: id })
    expect(text(await clients.b.get(key))).toBe('busy')
  })

  test.each(['0', '00', 'no-lease', '', 'FF', '-1'])(
    'a session %j, which is none, holds nothing and is gone',
    async (id) => {
      const key = `${clients.prefix()}k`
      await clients.a.commit([], [put(key, 'x')])
      const held = await clients.a.commit([heldBy(key, id)], [put(key, 'y')])
      expect(held.outcome).toBe('refused')
      await expect(clients.a.renew(id)).rejects.toThrow(LeaseGoneError)
      await clients.a.revoke(id)
      if (id)
        await expect(clients.a.commit([], [putHeld(key, 'y', id)])).rejects.toThrow(LeaseGoneError)
      expect(text(await clients.b.get(key))).toBe('x')
    },
  )

  test('a lease of an id above 2^63 is told by its 64 bits', async () => {
    const key = `${clients.prefix()}k`
    const { service } = clients.harness
    const answer = await fetch(`http://127.0.0.1:${service.port}/v3/lease/grant`, {
      method: 'POST',
      body: JSON.stringify({ TTL: 20, ID: '-9223372036854775807' }),
    })
    expect(answer.status).toBe(200)
    const id = '8000000000000001'
    expect(await clients.a.renew(id)).toBe(20_000)
    await clients.a.commit([], [putHeld(key, 'x', id)])
    expect(await clients.b.get(key)).toMatchObject({ lease: id })
    expect((await clients.b.commit([heldBy(key, id)], [put(key, 'y')])).outcome).toBe('ok')
    await clients.b.revoke(id)
    expect(await clients.a.get(key)).toBeUndefined()
  })

  test('lists and watches carry more than gRPC allows by default', async () => {
    const prefix = clients.prefix()
    const value = Buffer.alloc(600_000, 'x')
    const follower = new Follower(clients.b, prefix)
    await follower.until((_, events) => events.length > 0)
    const keys = Array.from({ length: 16 }, (_, i) => `${prefix}${i}`)
    await Promise.all(keys.map((key) => clients.a.commit([], [put(key, value)])))
    expect((await clients.b.list(prefix)).entries).toHaveLength(16)
    await follower.until((known) => known.size === 16)
    await follower.stop()
  })

  test('the version is told, with what is known to be unsafe about it', async () => {
    const backend = clients.a as Backend & Diagnosable
    expect(await backend.diagnose()).toEqual({
      version: expect.stringMatching(/^etcd 3\.\d+\.\d+$/),
      warnings: [],
    })
    const old = await startHarness({ shortLived, old: true })
    const outdated = (await old.connect()) as Backend & Diagnosable
    const { version, warnings } = await outdated.diagnose()
    expect(version).toMatch(/^etcd 3\.4\./)
    expect(warnings).toEqual([expect.stringContaining('3.4.38')])
    await outdated.close()
    await old.stop()
  })
})

besideEach(ways, 'a full etcd over $way', ({ shortLived }) => {
  test('refuses writes for good, and says so, and nothing is written', async () => {
    const harness = await startHarness({ shortLived, flags: ['--quota-backend-bytes=4194304'] })
    const client = (await harness.connect()) as Backend & Diagnosable
    const fill = async (): Promise<string> => {
      for (let i = 0; ; i++) {
        const key = `full/signal/${i}`
        const written = client.commit([], [put(key, Buffer.alloc(500_000, 'x'))])
        const failure = await failureOf(written)
        // a commit with an unknown result may have been applied
        if (failure && !(failure instanceof IndeterminateError)) {
          expect(failure).toMatchObject({ name: 'UnavailableError', retryable: false })
          return key
        }
      }
    }
    expect(await client.get(await fill())).toBeUndefined()
    await expect(client.grant(15_000)).rejects.toMatchObject({
      name: 'UnavailableError',
      retryable: false,
    })
    expect((await client.diagnose()).warnings).toEqual([expect.stringContaining('full')])
    expect((await client.commit([], [remove('full/signal/0')])).outcome).toBe('ok')
    expect(present(await client.get('full/signal/1')).value).toHaveLength(500_000)
    await client.close()
    await harness.stop()
  })
})
