import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { open } from '../../src/open.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { Counter } from '../../src/recipes/counter.ts'
import { Hold } from '../../src/recipes/hold.ts'
import { Lock } from '../../src/recipes/lock.ts'
import { Turn } from '../../src/recipes/once/once.ts'
import { startEtcd } from '../services/etcd.ts'
import type { Service } from '../services/service.ts'
import { distorted } from './namespace.ts'

/*
 * The calls of an uncontended recipe to the store, in order. Calls that are made at the same time count as one round
 * trip. A watch does not count, because no call waits for it.
 */

let etcd: Service
let namespace: Namespace
beforeAll(async () => {
  etcd = await startEtcd()
  namespace = await open(etcd.url)
})
afterAll(async () => {
  await namespace.backend.close()
  await etcd.stop()
})

const CALLS = ['get', 'list', 'commit', 'grant', 'revoke'] as const

/** The same namespace. `trips` lists the calls to the store; calls at the same time count as one. */
const counting = (): { namespace: Namespace; trips: string[] } => {
  const trips: string[] = []
  let pending = 0
  const counted =
    (name: (typeof CALLS)[number]) =>
    async (...args: unknown[]) => {
      if (pending++ === 0) trips.push(name)
      try {
        return await (namespace.backend[name] as (...all: unknown[]) => Promise<unknown>)(...args)
      } finally {
        pending--
      }
    }
  const calls = Object.fromEntries(CALLS.map((name) => [name, counted(name)]))
  return { namespace: distorted(namespace, calls as Partial<Backend>), trips }
}

test('a lock is taken in three round trips, and given up in one', async () => {
  const { namespace: counted, trips } = counting()
  const lock = await Lock.acquire(counted, 'l')
  expect(trips).toEqual(['grant', 'commit', 'list'])
  await lock.release()
  expect(trips.slice(3)).toEqual(['revoke'])
})

test('a new key is held in two round trips', async () => {
  const { namespace: counted, trips } = counting()
  const hold = await Hold.take(counted, 'k', 'up')
  expect(trips).toEqual(['grant', 'commit'])
  await hold.release()
})

test('the turn of a once is taken in five round trips, and done in one', async () => {
  const { namespace: counted, trips } = counting()
  const turn = await Turn.take(counted, 'o')
  expect(trips).toEqual(['get', 'grant', 'commit', 'list', 'get'])
  await turn?.done()
  expect(trips.slice(5)).toEqual(['commit'])
  await turn?.release()
})

test('a counter is changed in two round trips', async () => {
  const { namespace: counted, trips } = counting()
  await new Counter(counted, 'n').add(1n)
  expect(trips).toEqual(['get', 'commit'])
})
