import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Backend, CallOptions } from '../../../src/backends/backend.ts'
import { aborted } from '../../../src/base/abort.ts'
import { TimeoutError, UnavailableError } from '../../../src/base/errors.ts'
import { barrier } from '../../../src/recipes/barrier/barrier.ts'
import type { Limits } from '../../../src/recipes/core/deadline.ts'
import type { Namespace } from '../../../src/recipes/core/namespace.ts'
import { Leadership } from '../../../src/recipes/election.ts'
import { Lock } from '../../../src/recipes/lock.ts'
import { Turn } from '../../../src/recipes/once/once.ts'
import { signal } from '../../../src/recipes/signal.ts'
import { wait } from '../../../src/recipes/wait/wait-targets.ts'
import { distorted, memory } from '../namespace.ts'

/** In milliseconds. The store's first answer comes after the caller's deadline. */
const LATE = 150

const limits: Limits = { timeout: 50, overtime: 30_000 }

/** A store whose first answer is late, as while a slow machine opens the store. */
const late = (namespace: Namespace, answers: () => boolean = () => true): Namespace => {
  let first: Promise<unknown> | undefined
  const then = async <T>({ signal }: CallOptions = {}, call: () => Promise<T>): Promise<T> => {
    first ??= delay(LATE)
    await first
    if (!answers() && signal) await aborted(signal)
    return call()
  }
  const { backend } = namespace
  const changes: Partial<Backend> = {
    get: (key, options) => then(options, () => backend.get(key, options)),
    list: (scope, options) => then(options, () => backend.list(scope, options)),
    grant: (ttl, options) => then(options, () => backend.grant(ttl, options)),
    commit: (preconditions, writes, options) =>
      then(options, () => backend.commit(preconditions, writes, options)),
    async *watch(scope, signal) {
      await then({ signal }, async () => {})
      yield* backend.watch(scope, signal)
    },
  }
  return distorted(namespace, changes)
}

/**
 * Ownerships that a caller gets at once if no other session has them. Each function resolves to a function that gives
 * the ownership up.
 */
const TAKEN = {
  lock: async (namespace: Namespace, options: Limits) => {
    const lock = await Lock.acquire(namespace, 'x', options)
    return () => lock.release()
  },
  election: async (namespace: Namespace, options: Limits) => {
    const leadership = await Leadership.campaign(namespace, 'x', 'id', options)
    return () => leadership.resign()
  },
  once: async (namespace: Namespace, options: Limits) => {
    const turn = await Turn.take(namespace, 'x', options)
    return async () => turn?.release()
  },
}

describe.each(Object.entries(TAKEN))('at a deadline before the first answer: %s', (_, take) => {
  test('is had where it is free', async () => {
    const release = await take(late(await memory()), limits)
    await expect(release()).resolves.not.toThrow()
  })

  test('is not waited for where another one has it, who is named', async () => {
    const namespace = await memory()
    const release = await take(namespace, {})
    const begun = performance.now()
    const error = await take(late(namespace), limits).catch((reason) => reason)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.message).toContain(`pid ${process.pid}`)
    expect(performance.now() - begun).toBeLessThan(20_000)
    await release()
  })

  test('is unavailable where no answer comes at all', async () => {
    const silent = late(await memory(), () => false)
    const error = await take(silent, { timeout: 50, overtime: 300 }).catch((reason) => reason)
    expect(error).toBeInstanceOf(UnavailableError)
  })
})

describe('at a deadline before the first answer', () => {
  test('a wait ends with what there is', async () => {
    const namespace = await memory()
    await signal(namespace, 'k')
    await expect(wait(late(namespace), 'k', limits)).resolves.toBeUndefined()
    await expect(wait(late(namespace), 'other', limits)).rejects.toThrow('other not signalled')
  })

  test('a wait with a lazy store opens that', async () => {
    const namespace = await memory()
    const open = () => delay(LATE, namespace)
    await expect(wait(open, 'k', limits)).rejects.toThrow('k not signalled')
  })

  test('a signal is set', async () => {
    const namespace = await memory()
    await signal(late(namespace), 'k', 'up', limits)
    await expect(wait(namespace, 'k=up')).resolves.toBeUndefined()
  })

  test('a barrier is passed by the last party, and left by one that would wait', async () => {
    const namespace = await memory()
    const alone = await barrier(late(namespace), 'b', 2, limits).catch((error) => error)
    expect(alone).toBeInstanceOf(TimeoutError)
    expect(alone.message).toContain('b has 1 of 2 parties')
    const first = barrier(namespace, 'b', 2)
    const last = barrier(late(namespace), 'b', 2, limits)
    expect((await Promise.all([first, last])).sort()).toEqual([0, 1])
  })
})
