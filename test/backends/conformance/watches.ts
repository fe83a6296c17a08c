import { describe, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { put, remove } from '../../../src/backends/operations.ts'
import { Follower, type Harness, type Pair, text } from './harness.ts'

export const watches = (pair: Pair<Harness>): void => {
  describe('a watch', () => {
    test('begins with what is there', async () => {
      const prefix = pair.prefix()
      await pair.a.commit([], [put(`${prefix}a`, '1'), put(`${prefix}b`, '2')])
      const follower = new Follower(pair.b, prefix)
      await follower.until((known) => known.size === 2)
      expect(follower.events[0]).toMatchObject({ kind: 'snapshot', reset: false })
      expect(follower.events).toHaveLength(1)
      await follower.stop()
    })

    test('is told of what is put, put again and deleted by another client', async () => {
      const prefix = pair.prefix()
      const key = `${prefix}k`
      const follower = new Follower(pair.b, prefix)
      await follower.until((_, events) => events.length > 0)
      await pair.a.commit([], [put(key, 'busy')])
      await follower.until(() => follower.state(key) === 'busy')
      await pair.a.commit([], [put(key, 'ready')])
      await follower.until(() => follower.state(key) === 'ready')
      await pair.a.commit([], [remove(key)])
      await follower.until((known) => !known.has(key))
      expect(follower.events.filter(({ kind }) => kind === 'snapshot')).toHaveLength(1)
      await follower.stop()
    })

    test('is told of what its own client writes', async () => {
      const key = `${pair.prefix()}k`
      const follower = new Follower(pair.a, key)
      await follower.until((_, events) => events.length > 0)
      await pair.a.commit([], [put(key, 'ready')])
      await follower.until(() => follower.state(key) === 'ready')
      expect(follower.known.get(key)).toEqual(await pair.a.get(key))
      await follower.stop()
    })

    test('of one key sees that key alone', async () => {
      const prefix = pair.prefix()
      const follower = new Follower(pair.b, `${prefix}k`)
      await follower.until((_, events) => events.length > 0)
      await pair.a.commit([], [put(`${prefix}k/child`, 'x'), put(`${prefix}k2`, 'x')])
      await pair.a.commit([], [put(`${prefix}k`, 'ready')])
      await follower.until((known) => known.size > 0)
      expect([...follower.known.keys()]).toEqual([`${prefix}k`])
      await follower.stop()
    })

    test('of a prefix does not see what is merely alike', async () => {
      const prefix = pair.prefix()
      const follower = new Follower(pair.b, `${prefix}deploy/`)
      await follower.until((_, events) => events.length > 0)
      await pair.a.commit([], [put(`${prefix}deployment/x`, 'x'), put(`${prefix}deploy`, 'x')])
      await pair.a.commit([], [put(`${prefix}deploy/a`, 'x')])
      await follower.until((known) => known.size > 0)
      expect([...follower.known.keys()]).toEqual([`${prefix}deploy/a`])
      await follower.stop()
    })

    test('converges on every key’s newest state after a storm of writes', async () => {
      const prefix = pair.prefix()
      const early = new Follower(pair.b, prefix)
      await storm(pair.a, prefix, 1)
      const late = new Follower(pair.a, prefix)
      await Promise.all([storm(pair.a, prefix, 2), storm(pair.b, prefix, 3)])
      const { entries } = await pair.b.list(prefix)
      const wanted = entries.map((entry) => `${entry.key}=${text(entry)}`)
      for (const follower of [early, late]) {
        const seen = () =>
          [...follower.known.values()].map((entry) => `${entry.key}=${text(entry)}`)
        await follower.until(() => seen().sort().join() === [...wanted].sort().join())
        await follower.stop()
        expect(seen().sort()).toEqual([...wanted].sort())
      }
    })

    test('that begins just before a write never misses it', async () => {
      const prefix = pair.prefix()
      for (let i = 0; i < 20; i++) {
        const key = `${prefix}${i}`
        const follower = new Follower(pair.b, key)
        await pair.a.commit([], [put(key, 'ready')])
        await follower.until(() => follower.state(key) === 'ready')
        expect(follower.known.size).toBe(1)
        await follower.stop()
      }
    })

    test('begins with a snapshot that is no older than the call, also beside other watches', async () => {
      const prefix = pair.prefix()
      const other = new Follower(pair.b, prefix)
      await other.until((_, events) => events.length > 0)
      for (let i = 0; i < 10; i++) {
        await pair.a.commit([], [put(`${prefix}k`, String(i))])
        const follower = new Follower(pair.b, `${prefix}k`)
        await follower.until((_, events) => events.length > 0)
        expect(follower.state(`${prefix}k`)).toBe(String(i))
        await follower.stop()
      }
      await other.stop()
    })

    test('ends with the reason of its signal', async () => {
      const follower = new Follower(pair.a, pair.prefix())
      await follower.until((_, events) => events.length > 0)
      await follower.stop()
      expect(await follower.ended).toEqual(new Error('the test has ended'))
    })

    test('stops when its reader leaves the loop', async () => {
      const prefix = pair.prefix()
      for await (const event of pair.a.watch(prefix, new AbortController().signal)) {
        expect(event.kind).toBe('snapshot')
        break
      }
    })

    test('wakes each of 300 watchers in one process', async () => {
      const prefix = pair.prefix()
      const keys = Array.from({ length: 300 }, (_, i) => `${prefix}${i}/k`)
      const followers = keys.map((key) => new Follower(pair.b, key))
      await Promise.all(followers.map((one) => one.until((_, events) => events.length > 0)))
      for (const key of keys) await pair.a.commit([], [put(key, 'ready')])
      await Promise.all(followers.map((one) => one.until((known) => known.size === 1)))
      expect(followers.map((one, i) => one.state(keys[i] ?? ''))).toEqual(keys.map(() => 'ready'))
      await Promise.all(followers.map((one) => one.stop()))
    })
  })
}

/** A fixed sequence of puts and deletes, so that a failure can be reproduced. */
const storm = async (backend: Backend, prefix: string, seed: number): Promise<void> => {
  let random = seed
  for (let i = 0; i < 60; i++) {
    random = (random * 1_103_515_245 + 12_345) % 2_147_483_648
    const key = `${prefix}${random % 7}`
    await backend.commit([], [random % 3 === 0 ? remove(key) : put(key, `${seed}-${i}`)])
  }
}
