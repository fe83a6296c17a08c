import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { openBackend } from '../../src/backends/open.ts'
import { isClaimable, put, putHeld } from '../../src/backends/operations.ts'
import { LeaseGoneError, UsageError } from '../../src/base/errors.ts'
import { text } from '../backends/conformance/harness.ts'
import { startConsul } from '../services/consul.ts'
import { startEtcd } from '../services/etcd.ts'
import type { Service } from '../services/service.ts'
import { startServe } from './fixtures/serve-process.ts'

describe.each([
  ['etcd', () => startEtcd()],
  ['Consul', () => startConsul()],
] as const)('the clients of a gateway in front of %s', (_, start) => {
  let store: Service
  let [one, other]: Service[] = []
  let [a, b, direct]: Backend[] = []

  const present = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('it was not started')
    return value
  }

  beforeAll(async () => {
    store = await start()
    const settings = { backend: store.url, namespaces: ['rdv', 'ci'] }
    one = await startServe(settings)
    other = await startServe(settings)
    a = await openBackend(one.url, { env: {} })
    b = await openBackend(other.url, { env: {} })
    direct = await openBackend(store.url, { env: {} })
  })
  afterAll(async () => {
    for (const client of [a, b, direct]) await client?.close()
    for (const service of [one, other, store]) await service?.stop()
  })

  test('cannot renew, end or use a lease that is not of theirs', async () => {
    const [client, owner] = [present(a), present(direct)]
    const { id } = await owner.grant(60_000)
    await owner.commit([], [putHeld('vault/core/lock', 'theirs', id)])
    await expect(client.renew(id)).rejects.toThrow(LeaseGoneError)
    await client.revoke(id)
    const binding = client.commit([], [putHeld('rdv/signal/mine', 'ready', id)])
    await expect(binding).rejects.toThrow(LeaseGoneError)
    if (isClaimable(client)) {
      await expect(client.claim('rdv/lock/l', 1, id)).rejects.toThrow(LeaseGoneError)
    }
    expect(await owner.get('rdv/signal/mine')).toBeUndefined()
    expect(text(await owner.get('vault/core/lock'))).toBe('theirs')
    expect(await owner.renew(id)).toBeGreaterThan(0)
    await owner.revoke(id)
  })

  test('cannot make one theirs', async () => {
    const [client, owner] = [present(a), present(direct)]
    const { id } = await owner.grant(60_000)
    for (const namespace of ['rdv', 'ci', 'rdv/lease']) {
      const mark = putHeld(`${namespace}/lease/${id}`, '', id)
      await expect(client.commit([], [mark])).rejects.toThrow(UsageError)
      await expect(client.commit([], [put(mark.key, '')])).rejects.toThrow(UsageError)
    }
    await client.commit([], [put(`rdv/session/${id}`, '{"kind":"hold"}')])
    await expect(client.renew(id)).rejects.toThrow(LeaseGoneError)
    for (const odd of ['', '../x', `signal/${id}`, '0', '-1', 'x'.repeat(128)]) {
      await expect(client.renew(odd)).rejects.toThrow(LeaseGoneError)
      await client.revoke(odd)
    }
    expect(await owner.renew(id)).toBeGreaterThan(0)
    await owner.revoke(id)
  })

  test('keep theirs at another gateway, and after one was killed', async () => {
    const [client, neighbour, owner] = [present(a), present(b), present(direct)]
    const { id } = await client.grant(60_000)
    expect(await neighbour.renew(id)).toBeGreaterThan(0)
    await neighbour.commit([], [putHeld('rdv/signal/held', 'ready', id)])
    await present(one).restart()
    expect(await client.renew(id)).toBeGreaterThan(0)
    await client.commit([], [putHeld('ci/signal/held', 'ready', id)])
    await client.revoke(id)
    for (const key of ['rdv/signal/held', 'ci/signal/held', `rdv/lease/${id}`]) {
      expect(await owner.get(key)).toBeUndefined()
    }
    await expect(neighbour.renew(id)).rejects.toThrow(LeaseGoneError)
  })

  test('see nothing of the marks', async () => {
    const client = present(a)
    const { id } = await client.grant(60_000)
    for (const scope of ['rdv/', 'rdv/lease/']) {
      const { entries } = await client.list(scope)
      expect(entries.filter(({ key }) => key.includes('/lease/'))).toEqual([])
    }
    await expect(client.get(`rdv/lease/${id}`)).rejects.toThrow(UsageError)
    await client.revoke(id)
  })
})
