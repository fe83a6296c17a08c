import { describe, expect, test } from 'vitest'
import { putDetached, remove } from '../../src/backends/operations.ts'
import { IndeterminateError, LostError, NoError, UsageError } from '../../src/errors.ts'
import { type OnceOptions, Turn } from '../../src/recipes/once.ts'
import type { Space } from '../../src/recipes/space.ts'
import { aborts, onEveryStore, queued, sessionOf, untilEmpty } from './matrix.ts'
import { distorted, memory } from './space.ts'

/** So long that within a case only a watch can tell of a loss. */
const TTL = 60_000

const ask = (space: Space, options: OnceOptions = {}) =>
  queued((onQueued) => Turn.take(space, 'o', { ttl: TTL, ...options, onQueued }))

const take = async (space: Space, options: OnceOptions = {}): Promise<Turn> => {
  const turn = await Turn.take(space, 'o', { ttl: TTL, timeout: 30_000, ...options })
  if (!turn) throw new Error('it is done already')
  return turn
}

onEveryStore((clients) => {
  describe('once', () => {
    test('all who wait are let go when it is done, and whoever comes later', async () => {
      const { a, b } = clients.spaces()
      const turn = await take(a)
      const waiting = []
      for (let i = 0; i < 5; i++) waiting.push(await ask(i % 2 ? a : b))
      await turn.done()
      await turn.release()
      for (const other of waiting) expect(await other.turn).toBeUndefined()
      expect(await Turn.take(b, 'o')).toBeUndefined()
      expect(await Turn.take(b, 'o', { try: true })).toBeUndefined()
      const { entries } = await a.backend.list(`${a.namespace}/`)
      expect(entries.map(({ key }) => key)).toEqual([`${a.namespace}/once/o`])
      const record = JSON.parse(Buffer.from(entries[0]?.value ?? []).toString())
      expect(record).toMatchObject({ pid: process.pid, host: expect.any(String) })
      expect(Date.parse(record.at)).toBeGreaterThan(0)
      await a.backend.commit([], [remove(`${a.namespace}/once/o`)])
      const again = await take(b)
      expect(again.token).toBeGreaterThan(turn.token)
      await again.release()
    })

    test('it fails, the next one has its turn, with a newer token', async () => {
      const { a, b } = clients.spaces()
      const first = await take(a)
      const waiting = await ask(b)
      await expect(Turn.take(b, 'o', { try: true })).rejects.toThrow(NoError)
      await first.release()
      const second = await waiting.turn
      expect(second?.token).toBeGreaterThan(first.token)
      await second?.release()
      await untilEmpty(a)
    })

    test('one that lost its turn cannot record that it is done', async () => {
      const { a, b } = clients.spaces()
      const first = await take(a)
      const waiting = await ask(b)
      await b.backend.revoke(sessionOf(first.key))
      expect(await aborts(first.lost)).toBeInstanceOf(LostError)
      const second = await waiting.turn
      await expect(first.done()).rejects.toThrow(LostError)
      expect(await b.backend.get(`${a.namespace}/once/o`)).toBeUndefined()
      await second?.done()
      await second?.release()
      await first.release()
    })

    test('a name below another one’s is another one', async () => {
      const { a, b } = clients.spaces()
      const outer = await take(a)
      const inner = await Turn.take(b, 'o/x', { ttl: TTL, timeout: 10_000 })
      await inner?.done()
      await inner?.release()
      await outer.release()
      const again = await take(b, { try: true })
      await expect(again.release()).resolves.not.toThrow()
    })

    test('the record is made once though no answers come', async () => {
      const { a, b } = clients.spaces()
      let unanswered = 0
      const deaf = distorted(a, {
        commit: async (...args) => {
          const result = await a.backend.commit(...args)
          if (unanswered++ % 2 === 0) throw new IndeterminateError('no answer')
          return result
        },
      })
      const turn = await take(deaf)
      await turn.done()
      await turn.release()
      expect(await Turn.take(b, 'o')).toBeUndefined()
    })

    test('with an expiry it may be done anew after it', async () => {
      const { a, b } = clients.spaces()
      const turn = await take(a, { expire: 500 })
      await turn.done()
      await turn.release()
      expect(await Turn.take(b, 'o')).toBeUndefined()
      await untilEmpty(a)
      await (await take(b)).release()
    })
  })
})

describe('once', () => {
  test('an expiry that the store cannot keep is refused before anything is done', async () => {
    const space = await memory()
    const { maxTtl } = space.backend.traits
    await expect(async () => Turn.take(space, 'o', { expire: maxTtl + 1 })).rejects.toThrow(
      UsageError,
    )
  })

  test('whatever stands at its key counts as done', async () => {
    const space = await memory()
    await space.backend.commit([], [putDetached('rdv/once/o', 'by hand')])
    expect(await Turn.take(space, 'o')).toBeUndefined()
  })
})
