import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Backend, Claimable } from '../../src/backends/backend.ts'
import { isClaimable, remove } from '../../src/backends/operations.ts'
import {
  ConflictError,
  IndeterminateError,
  LostError,
  NoError,
  TimeoutError,
  UnavailableError,
  UsageError,
} from '../../src/base/errors.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { Lock, type LockOptions } from '../../src/recipes/lock.ts'
import { aborts, onEveryStore, queued, sessionOf, untilEmpty } from './matrix.ts'
import { distorted, memory } from './namespace.ts'

/** In milliseconds. The TTL is so long that, within a case, only a watch can report a loss. */
const TTL = 60_000

const ask = (namespace: Namespace, name: string, options: LockOptions = {}) =>
  queued((onQueued) => Lock.acquire(namespace, name, { ttl: TTL, ...options, onQueued }))

const take = (namespace: Namespace, name: string, options: LockOptions = {}): Promise<Lock> =>
  Lock.acquire(namespace, name, { ttl: TTL, timeout: 30_000, ...options })

onEveryStore((clients) => {
  describe('a lock', () => {
    test('is held by one after the other, in the order of asking, with rising tokens', async () => {
      const { a, b } = clients.namespaces()
      const asked = []
      for (const namespace of [a, b, a, b, b]) asked.push(await ask(namespace, 'l'))
      const order: number[] = []
      const tokens: number[] = []
      let holders = 0
      await Promise.all(
        asked.map(async ({ turn, key }, i) => {
          const lock = await turn
          expect(++holders).toBe(1)
          expect(lock.key).toBe(key)
          order.push(i)
          tokens.push(lock.token)
          await delay(5)
          holders--
          await lock.release()
        }),
      )
      expect(order).toEqual([0, 1, 2, 3, 4])
      expect(tokens).toEqual([...new Set(tokens)].sort((x, y) => x - y))
      await untilEmpty(a)
    })

    test('of several slots is held by so many, and the next one waits for any of them', async () => {
      const { a, b } = clients.namespaces()
      const first = await take(a, 'l', { slots: 2 })
      const second = await take(b, 'l', { slots: 2 })
      const third = await ask(a, 'l', { slots: 2 })
      const fourth = await ask(b, 'l', { slots: 2 })
      await expect(take(b, 'l', { slots: 2, try: true })).rejects.toThrow(NoError)
      await second.release()
      const lock = await third.turn
      expect(lock.token).toBeGreaterThan(second.token)
      await first.release()
      await (await fourth.turn).release()
      await lock.release()
      await untilEmpty(a)
    })

    test('with another number of slots than the holders’ is a conflict, and may be had after them', async () => {
      const { a, b } = clients.namespaces()
      for (const [held, wanted] of [
        [2, 3],
        [1, 2],
        [2, 1],
      ]) {
        const lock = await take(a, 'l', { slots: held })
        await expect(take(b, 'l', { slots: wanted })).rejects.toThrow(ConflictError)
        await expect(take(b, 'l', { slots: wanted, try: true })).rejects.toThrow(ConflictError)
        expect(lock.lost.aborted).toBe(false)
        await lock.release()
        await (await take(b, 'l', { slots: wanted })).release()
      }
      await untilEmpty(a)
    })

    test('is refused to who only tries, who is told by whom it is held', async () => {
      const { a, b } = clients.namespaces()
      const lock = await take(a, 'l', { try: true })
      const refused = take(b, 'l', { try: true })
      await expect(refused).rejects.toThrow(NoError)
      await expect(refused).rejects.toThrow(`(pid ${process.pid})`)
      await lock.release()
      await (await take(b, 'l', { try: true })).release()
      await untilEmpty(a)
    })

    test('that lies below another one does not disturb it', async () => {
      const { a, b } = clients.namespaces()
      const outer = await take(a, 'l')
      const inner = await take(b, 'l/x')
      const innermost = await take(a, 'l/x/y', { slots: 2 })
      await outer.release()
      const again = await take(b, 'l', { try: true })
      for (const lock of [again, inner, innermost]) await lock.release()
      await untilEmpty(a)
      expect((await a.backend.list(`${a.name}/`)).entries).toEqual([])
    })

    test('is not waited for beyond the deadline, which tells who holds it; the place is given up', async () => {
      const { a, b } = clients.namespaces()
      const lock = await take(a, 'l')
      const late = take(b, 'l', { timeout: 2_000 })
      await expect(late).rejects.toThrow(TimeoutError)
      await expect(late).rejects.toThrow(/l is held by .*pid/)
      const { entries } = await a.backend.list(`${a.name}/lock/l/`)
      expect(entries.filter(({ key }) => !key.endsWith('/.lock')).map(({ key }) => key)).toEqual([
        lock.key,
      ])
      await lock.release()
    })

    test('is passed on in order when the head, and one in the middle, of ten give up', async () => {
      const { a, b } = clients.namespaces()
      const holder = await take(a, 'l')
      const leaving = new AbortController()
      const asked = []
      for (let i = 0; i < 10; i++) {
        const signal = [0, 4].includes(i) ? leaving.signal : undefined
        asked.push(await ask(i % 2 ? a : b, 'l', { signal }))
      }
      leaving.abort(new Error('told to end'))
      for (const i of [0, 4]) await expect(asked[i]?.turn).rejects.toThrow('told to end')
      const order: number[] = []
      const rest = asked.map(async ({ turn }, i) => {
        if ([0, 4].includes(i)) return
        const lock = await turn
        order.push(i)
        await lock.release()
      })
      await holder.release()
      await Promise.all(rest)
      expect(order).toEqual([1, 2, 3, 5, 6, 7, 8, 9])
      await untilEmpty(a)
    })

    test.each([
      ['its session is revoked', (backend: Backend, key: string) => backend.revoke(sessionOf(key))],
      ['its key is deleted', (backend: Backend, key: string) => backend.commit([], [remove(key)])],
    ])(
      'is lost at once when %s from outside, and the next one holds a newer token',
      async (_, end) => {
        const { a, b } = clients.namespaces()
        const lock = await take(a, 'l')
        const next = await ask(b, 'l')
        await end(b.backend, lock.key)
        expect(await aborts(lock.lost)).toBeInstanceOf(LostError)
        await lock.release()
        const held = await next.turn
        expect(held.token).toBeGreaterThan(lock.token)
        await held.release()
        await untilEmpty(a)
      },
    )

    test('is queued for again, at the end, when the session of who waits is revoked', async () => {
      const { a, b } = clients.namespaces()
      const holder = await take(a, 'l')
      const keys: string[] = []
      const again = Promise.withResolvers<void>()
      const first = await queued((onQueued) =>
        Lock.acquire(b, 'l', {
          ttl: TTL,
          onQueued: (key) => {
            keys.push(key)
            if (keys.length === 2) again.resolve()
            onQueued(key)
          },
        }),
      )
      const behind = await ask(a, 'l')
      await a.backend.revoke(sessionOf(first.key))
      await again.promise
      await holder.release()
      const second = await behind.turn
      await second.release()
      const third = await first.turn
      expect(third.key).toBe(keys[1])
      expect(third.token).toBeGreaterThan(second.token)
      await third.release()
      await untilEmpty(a)
    })

    test('is had in the end though no answers come to writes and to claims', async () => {
      const { a, b } = clients.namespaces()
      let unanswered = 0
      const lose = async <T>(call: Promise<T>): Promise<T> => {
        const result = await call
        if (unanswered++ % 2 === 0) throw new IndeterminateError('no answer')
        return result
      }
      const { backend } = a
      const claims: Partial<Claimable> = isClaimable(backend)
        ? { claim: (...args) => lose(backend.claim(...args)) }
        : {}
      const deaf = distorted(a, { commit: (...args) => lose(backend.commit(...args)), ...claims })
      const first = await take(deaf, 'l')
      const second = await ask(b, 'l')
      await first.release()
      const held = await second.turn
      expect(held.token).toBeGreaterThan(first.token)
      await held.release()
      await untilEmpty(a)
    })
  })
})

describe('a lock', () => {
  test.each([0, -1, 1.5, Number.NaN])('with %d slots is a usage error', async (slots) => {
    await expect(async () => Lock.acquire(await memory(), 'l', { slots })).rejects.toThrow(
      UsageError,
    )
  })

  test('that is given up wakes one of those who wait, not all', async () => {
    const namespace = await memory()
    let lists = 0
    const counting = distorted(namespace, {
      list: (...args) => {
        lists++
        return namespace.backend.list(...args)
      },
    })
    const holder = await take(namespace, 'l')
    const waiting = []
    for (let i = 0; i < 10; i++) waiting.push(await ask(counting, 'l'))
    // each waiter has looked, and waits for the one before it
    await expect.poll(() => lists).toBe(10)
    lists = 0
    await holder.release()
    const first = await waiting[0]?.turn
    await delay(50)
    expect(lists).toBe(1)
    await first?.release()
    for (const { turn } of waiting.slice(1)) await (await turn).release()
  })

  test('whose store is out of reach at the deadline is unavailable, not timed out', async () => {
    const namespace = await memory()
    const holder = await take(namespace, 'l')
    const cause = new UnavailableError('nothing listens')
    let away = false
    const failing = distorted(namespace, {
      async *watch(_, signal) {
        away = true
        yield { kind: 'interrupted', cause }
        await once(signal, 'abort')
        throw signal.reason
      },
      list: (...args) => (away ? Promise.reject(cause) : namespace.backend.list(...args)),
    })
    const late = take(failing, 'l', { timeout: 1_000 })
    await expect(late).rejects.toThrow('nothing listens')
    await holder.release()
  })

  test('is never held by a session whose time was over before the answer came', async () => {
    const namespace = await memory()
    const ttl = 1_000
    const holder = await take(namespace, 'l')
    let stopped = false
    // This process is stopped for longer than its TTL, after the store has answered and before the answer is used.
    const slow = distorted(namespace, {
      async list(...args) {
        const listing = await namespace.backend.list(...args)
        if (!stopped && listing.entries.every(({ key }) => key !== holder.key)) {
          stopped = true
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ttl + 100)
        }
        return listing
      },
    })
    const keys: string[] = []
    const waiting = await queued((onQueued) =>
      Lock.acquire(slow, 'l', {
        ttl,
        onQueued: (key) => {
          keys.push(key)
          onQueued(key)
        },
      }),
    )
    await holder.release()
    const lock = await waiting.turn
    expect(keys).toHaveLength(2)
    expect(lock.key).toBe(keys[1])
    await lock.release()
  })
})
