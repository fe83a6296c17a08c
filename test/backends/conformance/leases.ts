import { describe, expect, test } from 'vitest'
import { put, putHeld } from '../../../src/backends/operations.ts'
import { LeaseGoneError } from '../../../src/base/errors.ts'
import { Follower, type Harness, type Pair } from './harness.ts'

export const leases = (pair: Pair<Harness>): void => {
  describe.concurrent('a lease', () => {
    test('has the TTL that was asked for, raised to what the traits allow', async () => {
      const asked = Math.max(pair.a.traits.minTtl, 20_000)
      const lease = await pair.a.grant(asked)
      expect(lease.ttl).toBe(asked)
      const short = await pair.a.grant(1)
      expect(short.ttl).toBeGreaterThanOrEqual(pair.a.traits.minTtl)
      expect(await pair.b.renew(lease.id)).toBe(asked)
      await pair.a.revoke(lease.id)
      await pair.a.revoke(short.id)
    })

    test('takes all its keys with it when it is revoked, by whichever client', async () => {
      const prefix = pair.prefix()
      const { id } = await pair.a.grant(15_000)
      await pair.a.commit(
        [],
        [putHeld(`${prefix}a`, '', id), putHeld(`${prefix}b`, '', id), put(`${prefix}c`, '')],
      )
      const follower = new Follower(pair.a, prefix)
      await follower.until((known) => known.size === 3)
      await pair.b.revoke(id)
      await follower.until((known) => known.size === 1)
      expect((await pair.a.list(prefix)).entries.map(({ key }) => key)).toEqual([`${prefix}c`])
      await follower.stop()
    })

    test('that is gone cannot be renewed, and can be revoked again', async () => {
      const { id } = await pair.a.grant(15_000)
      await pair.b.revoke(id)
      await expect(pair.a.renew(id)).rejects.toThrow(LeaseGoneError)
      await pair.a.revoke(id)
    })

    test('takes its keys with it when nobody renews it, and not before its TTL is over', async () => {
      const key = `${pair.prefix()}k`
      const granted = performance.now()
      // long enough to be seen before it ends, even on a slow machine
      const { id, ttl } = await pair.a.grant(2_000)
      await pair.a.commit([], [putHeld(key, 'x', id)])
      const follower = new Follower(pair.b, key)
      await follower.until((known) => known.has(key))
      await follower.until((known) => !known.has(key))
      expect(performance.now() - granted).toBeGreaterThanOrEqual(ttl * 0.95)
      await expect(pair.a.renew(id)).rejects.toThrow(LeaseGoneError)
      await follower.stop()
    })

    test('lives on while it is renewed, also by another client', async () => {
      const key = `${pair.prefix()}k`
      const kept = await pair.a.grant(5_000)
      const left = await pair.a.grant(5_000)
      await pair.a.commit([], [putHeld(key, 'x', kept.id), putHeld(`${key}-left`, 'x', left.id)])
      const follower = new Follower(pair.a, `${key}-left`)
      await follower.until((known) => known.size === 1)
      const renewing = setInterval(() => void pair.b.renew(kept.id).catch(() => {}), kept.ttl / 5)
      await follower.until((known) => known.size === 0)
      await pair.b.renew(kept.id)
      clearInterval(renewing)
      expect(await pair.b.get(key)).toBeDefined()
      await pair.a.revoke(kept.id)
      await follower.stop()
    })
  })
}
