import { describe, expect, test } from 'vitest'
import type { Backend, Precondition } from '../../../src/backends/backend.ts'
import {
  absent,
  heldBy,
  put,
  putDetached,
  putHeld,
  remove,
  unchanged,
} from '../../../src/backends/operations.ts'
import { LeaseGoneError, UsageError } from '../../../src/base/errors.ts'
import { type Harness, type Pair, present, text } from './harness.ts'

const TTL = 15_000

/** Writes one state and returns its entry. */
const write = async (backend: Backend, key: string, value: string, lease?: string) => {
  await backend.commit([], [lease ? putHeld(key, value, lease) : put(key, value)])
  return present(await backend.get(key))
}

/** For each precondition: whether it holds in each situation of its key. */
const PRECONDITIONS: readonly {
  guard: (key: string, ids: { mine: string; other: string; revision: number }) => Precondition
  name: string
  absent: boolean
  plain: boolean
  held: boolean
}[] = [
  { name: 'absent', guard: (key) => absent(key), absent: true, plain: false, held: false },
  {
    name: 'unchanged, with the newest revision',
    guard: (key, { revision }) => unchanged(key, revision),
    absent: false,
    plain: true,
    held: true,
  },
  {
    name: 'unchanged, with an older revision',
    guard: (key, { revision }) => unchanged(key, revision - 1),
    absent: false,
    plain: false,
    held: false,
  },
  {
    name: 'heldBy, with the holder',
    guard: (key, { mine }) => heldBy(key, mine),
    absent: false,
    plain: false,
    held: true,
  },
  {
    name: 'heldBy, with another session',
    guard: (key, { other }) => heldBy(key, other),
    absent: false,
    plain: false,
    held: false,
  },
]

export const commits = (pair: Pair<Harness>): void => {
  describe.each(PRECONDITIONS)('the guard $name', (row) => {
    test.each(['absent', 'plain', 'held'] as const)('on a key that is %s', async (situation) => {
      const key = `${pair.prefix()}k`
      const marker = `${key}-written`
      const mine = (await pair.a.grant(TTL)).id
      const other = (await pair.a.grant(TTL)).id
      if (situation !== 'absent') {
        await write(pair.a, key, 'before', situation === 'held' ? mine : undefined)
      }
      const before = await pair.b.get(key)
      const precondition = row.guard(key, { mine, other, revision: before?.modRevision ?? 1 })

      const result = await pair.b.commit([precondition], [put(marker, 'yes')])

      if (row[situation]) {
        expect(result.outcome).toBe('ok')
        expect(text(await pair.a.get(marker))).toBe('yes')
      } else {
        expect(result).toEqual({ outcome: 'refused', entries: before ? [before] : [] })
        expect(await pair.a.get(marker)).toBeUndefined()
      }
      await pair.a.revoke(mine)
      await pair.a.revoke(other)
    })
  })

  test('one refused guard among many keeps all writes from being made', async () => {
    const prefix = pair.prefix()
    const { modRevision } = await write(pair.a, `${prefix}there`, 'x')
    const result = await pair.b.commit(
      [
        absent(`${prefix}new`),
        unchanged(`${prefix}there`, modRevision),
        unchanged(`${prefix}missing`, 1),
      ],
      [put(`${prefix}new`, 'y'), remove(`${prefix}there`)],
    )
    expect(result.outcome).toBe('refused')
    expect((await pair.a.list(prefix)).entries.map(({ key }) => key)).toEqual([`${prefix}there`])
  })

  test('of 16 racers that create a key if it is absent one wins', async () => {
    const key = `${pair.prefix()}k`
    const racers = Array.from({ length: 16 }, (_, i) => ({
      id: `racer-${i}`,
      client: i % 2 ? pair.a : pair.b,
    }))
    const results = await Promise.all(
      racers.map(({ id, client }) => client.commit([absent(key)], [put(key, id)])),
    )
    const winners = racers.filter((_, i) => results[i]?.outcome === 'ok')
    expect(winners).toHaveLength(1)
    expect(text(await pair.a.get(key))).toBe(winners[0]?.id)
  })

  test('increments that each guard the value they read are all counted', async () => {
    const key = `${pair.prefix()}k`
    await write(pair.a, key, '0')
    const increment = async (client: Backend) => {
      for (;;) {
        const entry = present(await client.get(key))
        const next = String(Number(text(entry)) + 1)
        const result = await client.commit([unchanged(key, entry.modRevision)], [put(key, next)])
        if (result.outcome === 'ok') return
      }
    }
    await Promise.all(
      [pair.a, pair.b, pair.a, pair.b].map(async (client) => {
        for (let i = 0; i < 10; i++) await increment(client)
      }),
    )
    expect(text(await pair.b.get(key))).toBe('40')
  })

  describe('a put', () => {
    test('keeps the session of a held key', async () => {
      const key = `${pair.prefix()}k`
      const lease = (await pair.a.grant(TTL)).id
      await write(pair.a, key, 'busy', lease)
      await pair.b.commit([], [put(key, 'ready')])
      expect(await pair.a.get(key)).toMatchObject({ lease })
      await pair.a.revoke(lease)
      expect(await pair.b.get(key)).toBeUndefined()
    })

    test('that keeps creates an unheld key where there is none', async () => {
      const key = `${pair.prefix()}k`
      expect(await write(pair.a, key, 'ready')).not.toHaveProperty('session')
    })

    test.each(['held', 'plain', 'absent'])('detaches a key that is %s', async (situation) => {
      const key = `${pair.prefix()}k`
      const lease = (await pair.a.grant(TTL)).id
      if (situation !== 'absent') {
        await write(pair.a, key, 'busy', situation === 'held' ? lease : undefined)
      }
      const result = await pair.b.commit([], [putDetached(key, 'done')])
      expect(result.outcome).toBe('ok')
      await pair.a.revoke(lease)
      const entry = await pair.a.get(key)
      expect(text(entry)).toBe('done')
      expect(entry).not.toHaveProperty('session')
    })

    test.each(['held by another', 'held by itself', 'plain', 'absent'])(
      'binds a key that is %s to a session',
      async (situation) => {
        const key = `${pair.prefix()}k`
        const other = (await pair.a.grant(TTL)).id
        const lease = (await pair.b.grant(TTL)).id
        if (situation === 'plain') await write(pair.a, key, 'old')
        if (situation === 'held by another') await write(pair.a, key, 'old', other)
        if (situation === 'held by itself') await write(pair.a, key, 'old', lease)
        const result = await pair.b.commit([], [putHeld(key, 'new', lease)])
        expect(result.outcome).toBe('ok')
        expect(await pair.a.get(key)).toMatchObject({ lease })
        await pair.a.revoke(other)
        expect(text(await pair.a.get(key))).toBe('new')
        await pair.a.revoke(lease)
        expect(await pair.b.get(key)).toBeUndefined()
      },
    )

    test('with a session that is gone is LeaseGone, and nothing is written', async () => {
      const prefix = pair.prefix()
      const lease = (await pair.a.grant(TTL)).id
      await pair.a.revoke(lease)
      const commit = pair.b.commit([], [put(`${prefix}a`, 'x'), putHeld(`${prefix}b`, 'x', lease)])
      await expect(commit).rejects.toThrow(LeaseGoneError)
      expect((await pair.a.list(prefix)).entries).toEqual([])
    })

    test.each([
      ['empty', Buffer.alloc(0)],
      ['any bytes', Buffer.from([0, 255, 10, 13, 128, 0])],
      ['text of another script', Buffer.from('готов ✓ 準備')],
    ])('stores a value that is %s as it is', async (_, value) => {
      const key = `${pair.prefix()}k`
      await pair.a.commit([], [put(key, value)])
      const entry = present(await pair.b.get(key))
      expect(Buffer.from(entry.value).equals(value)).toBe(true)
    })
  })

  test('deletes, and deleting what is not there is no error', async () => {
    const key = `${pair.prefix()}k`
    const { modRevision } = await write(pair.a, key, 'x')
    const removed = await pair.b.commit([unchanged(key, modRevision)], [remove(key)])
    expect(removed.outcome).toBe('ok')
    expect(await pair.a.get(key)).toBeUndefined()
    expect((await pair.b.commit([], [remove(key)])).outcome).toBe('ok')
  })

  test('all entries of one commit share its revision, and revisions rise', async () => {
    const prefix = pair.prefix()
    const first = await pair.a.commit([], [put(`${prefix}a`, '1'), put(`${prefix}b`, '1')])
    const second = await pair.b.commit([], [put(`${prefix}a`, '2')])
    if (first.outcome !== 'ok' || second.outcome !== 'ok') throw new Error('refused')
    const a = present(await pair.b.get(`${prefix}a`))
    const b = present(await pair.b.get(`${prefix}b`))
    expect(b).toMatchObject({ createRevision: first.revision, modRevision: first.revision })
    expect(a).toMatchObject({ createRevision: first.revision, modRevision: second.revision })
    expect(second.revision).toBeGreaterThan(first.revision)
  })

  test('a key that was deleted and made again was created later', async () => {
    const key = `${pair.prefix()}k`
    const before = await write(pair.a, key, 'x')
    await pair.a.commit([], [remove(key)])
    const after = await write(pair.b, key, 'x')
    expect(after.createRevision).toBeGreaterThan(before.modRevision)
  })

  test('a commit with as many operations as the traits allow passes, one more is refused unsent', async () => {
    const prefix = pair.prefix()
    const { maxCommitOperations } = pair.a.traits
    const writes = Array.from({ length: maxCommitOperations }, (_, i) => put(`${prefix}${i}`, 'x'))
    await expect(pair.a.commit([absent(`${prefix}0`)], writes)).rejects.toThrow(UsageError)
    expect((await pair.b.list(prefix)).entries).toHaveLength(0)
    expect((await pair.a.commit([], writes)).outcome).toBe('ok')
    expect((await pair.b.list(prefix)).entries).toHaveLength(maxCommitOperations)
  })

  test('a commit with as many bytes as the traits allow passes, one more is refused unsent', async () => {
    const key = `${pair.prefix()}k`
    const room = pair.a.traits.maxCommitBytes - Buffer.byteLength(key)
    await expect(pair.a.commit([], [put(key, Buffer.alloc(room + 1, 'x'))])).rejects.toThrow(
      UsageError,
    )
    expect(await pair.b.get(key)).toBeUndefined()
    expect((await pair.a.commit([], [put(key, Buffer.alloc(room, 'x'))])).outcome).toBe('ok')
    expect(present(await pair.b.get(key)).value).toHaveLength(room)
  })

  test('a commit that names a key in two writes is refused unsent', async () => {
    const key = `${pair.prefix()}k`
    await expect(pair.a.commit([], [put(key, '1'), remove(key)])).rejects.toThrow(UsageError)
    expect(await pair.b.get(key)).toBeUndefined()
  })

  test('a cancelled call rejects with the reason, and a commit cancelled before it is not made', async () => {
    const key = `${pair.prefix()}k`
    const signal = AbortSignal.abort(new Error('cancelled'))
    await expect(pair.a.get(key, { signal })).rejects.toThrow('cancelled')
    await expect(pair.a.commit([], [put(key, 'x')], { signal })).rejects.toThrow('cancelled')
    expect(await pair.b.get(key)).toBeUndefined()
  })
}
