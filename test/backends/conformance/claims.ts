import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Backend, Claimable, ClaimResult } from '../../../src/backends/backend.ts'
import { isClaimable, put, putHeld, remove } from '../../../src/backends/operations.ts'
import { LeaseGoneError } from '../../../src/base/errors.ts'
import { type ClaimingHarness, Follower, type Pair, present, text } from './harness.ts'

const TTL = 60_000

/** A session that queues for a lock, with a client of its own. */
interface Contender {
  readonly backend: Backend & Claimable
  readonly session: string
  claim(slots?: number): Promise<ClaimResult>
  claimed(slots?: number): Promise<boolean>
  release(slots?: number): Promise<void>
}

const claiming = (backend: Backend): Backend & Claimable => {
  if (isClaimable(backend)) return backend
  throw new Error(`${backend.address} has no claims`)
}

const contenderOf = (client: Backend, name: string, lease: string): Contender => {
  const backend = claiming(client)
  return {
    backend,
    session: lease,
    claim: (slots = 1) => backend.claim(name, slots, lease),
    claimed: (slots = 1) => backend.claimed(name, slots, lease),
    release: (slots = 1) => backend.release(name, slots, lease),
  }
}

const enter = async (client: Backend, name: string): Promise<Contender> => {
  const { id } = await client.grant(TTL)
  await client.commit([], [putHeld(`${name}/${id}`, '1', id)])
  return contenderOf(client, name, id)
}

const held = (result: ClaimResult) => {
  if (result.outcome !== 'ok') throw new Error(result.outcome)
  return result
}

const leave = (contenders: readonly Contender[]) =>
  Promise.all(contenders.map(({ backend, session: lease }) => backend.revoke(lease)))

/** The promises of a store with the extension `Claimable`. */
export const claims = (pair: Pair<ClaimingHarness>): void => {
  const newName = () => `${present(pair.prefix().split('/')[0])}/lock/l`

  /** Contenders for one new lock. They use the two clients in turn. */
  const contend = async (count: number) => {
    const name = newName()
    const clients = Array.from({ length: count }, (_, i) => (i % 2 ? pair.b : pair.a))
    const contenders = await Promise.all(clients.map((client) => enter(client, name)))
    return { name, contenders, at: (index: number) => present(contenders[index]) }
  }

  describe('a claim', () => {
    test('is had by one session, and held for all others, until it is released', async () => {
      const { contenders, at } = await contend(3)
      const { key } = held(await at(0).claim())
      expect(await pair.b.get(key)).toBeDefined()
      for (const other of [at(1), at(2)]) {
        expect(await other.claim()).toEqual({ outcome: 'held' })
        expect(await other.claimed()).toBe(false)
      }
      expect(await at(0).claimed()).toBe(true)
      await at(0).release()
      expect(await at(0).claimed()).toBe(false)
      expect(await at(1).claim()).toMatchObject({ outcome: 'ok', key })
      expect(await at(0).claim()).toEqual({ outcome: 'held' })
      await leave(contenders)
    })

    test.each([1, 3])(
      'of %d slots is given again to who has it, by whichever client',
      async (slots) => {
        const { name, contenders, at } = await contend(2)
        const first = held(await at(0).claim(slots))
        const before = await pair.a.get(first.key)
        expect(await at(0).claim(slots)).toEqual(first)
        expect(await contenderOf(pair.b, name, at(0).session).claim(slots)).toEqual(first)
        expect(await pair.a.get(first.key)).toEqual(before)
        await leave(contenders)
      },
    )

    test('is had by as many as there are slots, and each release lets one more in', async () => {
      const { contenders, at } = await contend(5)
      for (const i of [0, 1, 2]) held(await at(i).claim(3))
      for (const i of [3, 4]) expect(await at(i).claim(3)).toEqual({ outcome: 'held' })
      await at(1).release(3)
      held(await at(4).claim(3))
      expect(await at(3).claim(3)).toEqual({ outcome: 'held' })
      const holding = await Promise.all(contenders.map((contender) => contender.claimed(3)))
      expect(holding).toEqual([true, false, true, false, true])
      await leave(contenders)
    })

    test.each([
      [2, 3],
      [2, 1],
      [3, 2],
      [1, 2],
    ])('of %d slots whose holders have died lets %d others in', async (slots, wanted) => {
      const { contenders, at } = await contend(2 + wanted)
      const dead = contenders.slice(0, Math.min(slots, 2))
      for (const contender of dead) held(await contender.claim(slots))
      await leave(dead)
      for (let i = 0; i < wanted; i++)
        expect(await at(2 + i).claim(wanted)).toMatchObject({ outcome: 'ok' })
      await leave(contenders)
    })

    test('of which one holder still lives keeps its number of slots', async () => {
      const { contenders, at } = await contend(3)
      for (const i of [0, 1]) held(await at(i).claim(2))
      await leave([at(0)])
      for (const slots of [1, 3]) expect(await at(2).claim(slots)).toEqual({ outcome: 'conflict' })
      held(await at(2).claim(2))
      await leave(contenders)
    })

    test.each([1, 2])('of %d slots tells each holder a higher token', async (slots) => {
      const { contenders, at } = await contend(6)
      const tokens: number[] = []
      for (const i of contenders.keys()) {
        if (i >= slots) await at(i - slots).release(slots)
        tokens.push(held(await at(i).claim(slots)).token)
      }
      expect(tokens).toEqual([...new Set(tokens)].sort((a, b) => a - b))
      await leave(contenders)
    })

    test('with another number of slots than the holders’ is a conflict, and nobody loses by it', async () => {
      for (const [slots, others] of [
        [1, 2],
        [2, 1],
        [2, 3],
      ]) {
        const { contenders, at } = await contend(2)
        const { key } = held(await at(0).claim(slots))
        const before = await pair.a.get(key)
        expect(await at(1).claim(others)).toEqual({ outcome: 'conflict' })
        expect(await at(1).claimed(others)).toBe(false)
        await at(1).release(others)
        expect(await pair.a.get(key)).toEqual(before)
        await at(0).release(slots)
        held(await at(1).claim(others))
        await leave(contenders)
      }
    })

    test('where something else is written is a conflict, and that stays', async () => {
      const { contenders, at } = await contend(1)
      const { key } = held(await at(0).claim())
      await at(0).release()
      await pair.b.commit([], [put(key, 'mine')])
      for (const slots of [1, 2]) {
        expect(await at(0).claim(slots)).toEqual({ outcome: 'conflict' })
        await at(0).release(slots)
        expect(text(await pair.a.get(key))).toBe('mine')
      }
      await leave(contenders)
    })

    test('of a session that does not exist, or that does not queue, writes nothing', async () => {
      const name = newName()
      const { id } = await pair.a.grant(TTL)
      const revoked = await pair.b.grant(TTL)
      await pair.a.revoke(revoked.id)
      for (const lease of [id, revoked.id, randomUUID()]) {
        for (const slots of [1, 2]) {
          const claim = claiming(pair.a).claim(name, slots, lease)
          await expect(claim).rejects.toThrow(LeaseGoneError)
          expect(await claiming(pair.b).claimed(name, slots, lease)).toBe(false)
          await claiming(pair.b).release(name, slots, lease)
        }
      }
      expect((await pair.b.list(`${name}/`)).entries).toEqual([])
      await pair.a.revoke(id)
    })

    test('of a session whose own key was deleted writes nothing', async () => {
      const { name, contenders, at } = await contend(1)
      await pair.b.commit([], [remove(`${name}/${at(0).session}`)])
      await expect(at(0).claim()).rejects.toThrow(LeaseGoneError)
      expect((await pair.b.list(`${name}/`)).entries).toEqual([])
      await leave(contenders)
    })

    test.each([1, 2])('of %d slots goes with its session, and is free at once', async (slots) => {
      const { contenders, at } = await contend(slots + 1)
      const holders = contenders.slice(0, slots)
      for (const holder of holders) held(await holder.claim(slots))
      await pair.b.revoke(at(0).session)
      expect(await at(0).claimed(slots)).toBe(false)
      held(await at(slots).claim(slots))
      await leave(contenders)
    })

    test('that is released is seen by who watches the name, and leaves nothing behind', async () => {
      for (const slots of [1, 2]) {
        const { name, contenders, at } = await contend(2)
        const { key } = held(await at(0).claim(slots))
        const follower = new Follower(pair.b, `${name}/`)
        await follower.until((known) => known.has(key))
        await at(0).release(slots)
        await follower.until((known) => !known.has(key))
        await at(0).release(slots)
        await leave(contenders)
        await follower.until((known) => known.size === 0)
        expect((await pair.a.list(`${name}/`)).entries).toEqual([])
        await follower.stop()
      }
    })

    test.each([1, 3])(
      'of %d slots is never had by more, however many race for it',
      async (slots) => {
        const { contenders } = await contend(12)
        let holders = 0
        let most = 0
        const tokens = new Set<number>()
        const race = async ({ claim, release }: Contender) => {
          let result = await claim(slots)
          while (result.outcome !== 'ok') {
            expect(['held', 'delayed']).toContain(result.outcome)
            result = await claim(slots)
          }
          most = Math.max(most, ++holders)
          tokens.add(result.token)
          // the other contenders have tried to claim in between
          await pair.a.get(result.key)
          holders--
          await release(slots)
        }
        await Promise.all(contenders.map(race))
        expect(most).toBeLessThanOrEqual(slots)
        expect(tokens.size).toBe(contenders.length)
        await leave(contenders)
      },
    )

    test('is delayed while the store lets nobody have what is free, and had after it', async ({
      expect,
    }) => {
      const { name, contenders, at } = await contend(2)
      await pair.harness.delayLock(name)
      for (const contender of contenders) {
        expect(await contender.claim()).toEqual({ outcome: 'delayed' })
        expect(await contender.claimed()).toBe(false)
      }
      const claim = async () => (await at(1).claim()).outcome
      await expect.poll(claim).toBe('ok')
      expect(await at(0).claim()).toEqual({ outcome: 'held' })
      await leave(contenders)
    })
  })
}
