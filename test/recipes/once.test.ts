import { describe, expect, test } from 'vitest'
import { putDetached, remove } from '../../src/backends/operations.ts'
import { IndeterminateError, LostError, NoError, UsageError } from '../../src/base/errors.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { type OnceOptions, Turn } from '../../src/recipes/once/once.ts'
import { aborts, onEveryStore, queued, sessionOf, untilEmpty } from './matrix.ts'
import { distorted, memory } from './namespace.ts'

/** In milliseconds. The TTL is so long that, within a case, only a watch can report a loss. */
const TTL = 60_000

const ask = (namespace: Namespace, options: OnceOptions = {}) =>
  queued((onQueued) => Turn.take(namespace, 'o', { ttl: TTL, ...options, onQueued }))

const take = async (namespace: Namespace, options: OnceOptions = {}): Promise<Turn> => {
  const turn = await Turn.take(namespace, 'o', { ttl: TTL, timeout: 30_000, ...options })
  if (!turn) throw new Error('it is done already')
  return turn
}

onEveryStore((clients) => {
  describe('once', () => {
    test('all who wait are let go when it is done, and whoever comes later', async () => {
      const { a, b } = clients.namespaces()
      const turn = await take(a)
      const waiting = []
      for (let i = 0; i < 5; i++) waiting.push(await ask(i % 2 ? a : b))
      await turn.done()
      await turn.release()
      for (const other of waiting) expect(await other.turn).toBeUndefined()
      expect(await Turn.take(b, 'o')).toBeUndefined()
      expect(await Turn.take(b, 'o', { try: true })).toBeUndefined()
      const { entries } = await a.backend.list(`${a.name}/`)
      expect(entries.map(({ key }) => key)).toEqual([`${a.name}/once/o`])
      const record = JSON.parse(Buffer.from(entries[0]?.value ?? []).toString())
      expect(record).toMatchObject({ pid: process.pid, host: expect.any(String) })
      expect(Date.parse(record.at)).toBeGreaterThan(0)
      await a.backend.commit([], [remove(`${a.name}/once/o`)])
      const again = await take(b)
      expect(again.token).toBeGreaterThan(turn.token)
      await again.release()
    })

    test('it fails, the next one has its turn, with a newer token', async () => {
      const { a, b } = clients.namespaces()
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
      const { a, b } = clients.namespaces()
      const first = await take(a)
      const waiting = await ask(b)
      await b.backend.revoke(sessionOf(first.key))
      expect(await aborts(first.lost)).toBeInstanceOf(LostError)
      const second = await waiting.turn
      await expect(first.done()).rejects.toThrow(LostError)
      expect(await b.backend.get(`${a.name}/once/o`)).toBeUndefined()
      await second?.done()
      await second?.release()
      await first.release()
    })

    test('a name below another one’s is another one', async () => {
      const { a, b } = clients.namespaces()
      const outer = await take(a)
      const inner = await Turn.take(b, 'o/x', { ttl: TTL, timeout: 10_000 })
      await inner?.done()
      await inner?.release()
      await outer.release()
      const again = await take(b, { try: true })
      await expect(again.release()).resolves.not.toThrow()
    })

    test('the record is made once though no answers come', async () => {
      const { a, b } = clients.namespaces()
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
      const { a, b } = clients.namespaces()
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
    const namespace = await memory()
    const { maxTtl } = namespace.backend.traits
    await expect(async () => Turn.take(namespace, 'o', { expire: maxTtl + 1 })).rejects.toThrow(
      UsageError,
    )
  })

  test('whatever stands at its key counts as done', async () => {
    const namespace = await memory()
    await namespace.backend.commit([], [putDetached('rdv/once/o', 'by hand')])
    expect(await Turn.take(namespace, 'o')).toBeUndefined()
  })
})
