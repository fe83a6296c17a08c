import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { put, putHeld } from '../../src/backends/operations.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { newRecord, sessionKey } from '../../src/recipes/core/session-record.ts'
import { signal } from '../../src/recipes/signal.ts'
import { status } from '../../src/recipes/status/status.ts'
import { watchStatus } from '../../src/recipes/status/watch-status.ts'
import { publish } from '../../src/recipes/topic/publish.ts'
import { memory } from './namespace.ts'

/** A session of this process that holds these keys. */
const session = async (
  namespace: Namespace,
  keys: (id: string) => Record<string, string> = () => ({}),
) => {
  const { id } = await namespace.backend.grant(60_000)
  await namespace.backend.commit([], [putHeld(sessionKey(namespace, id), newRecord('hold'), id)])
  for (const [key, value] of Object.entries(keys(id))) {
    await namespace.backend.commit([], [putHeld(`rdv/${key}`, value, id)])
  }
  return id
}

/** Each row as text, such as `lock:deploy:holds:4711`. */
const brief = async (namespace: Namespace): Promise<string[]> =>
  (await status(namespace)).map(({ kind, name, state, id, holder }) =>
    [kind, name, state, id, holder?.pid].filter((part) => part !== undefined).join(':'),
  )

describe('a status', () => {
  test('of nothing is nothing', async () => {
    expect(await status(await memory())).toEqual([])
  })

  test('has signals that are held and who holds them, not those that are sticky, and groups', async () => {
    const namespace = await memory()
    await signal(namespace, 'db')
    await signal(namespace, 'deploy/a')
    await signal(namespace, 'deploy/b', 'busy')
    await session(namespace, () => ({ 'signal/deploy/c': 'ready' }))
    expect(await status(namespace)).toEqual([
      {
        kind: 'signal',
        name: 'deploy/c',
        state: 'ready',
        holder: { kind: 'hold', host: hostname(), pid: process.pid, since: expect.any(String) },
      },
      { kind: 'group', name: 'deploy/', state: '2 of 3 ready' },
    ])
  })

  test('has locks and elections in the order of their queues, nested names apart', async () => {
    const namespace = await memory()
    for (let i = 0; i < 3; i++) await session(namespace, (id) => ({ [`lock/a/${id}`]: '1' }))
    for (let i = 0; i < 3; i++) await session(namespace, (id) => ({ [`lock/a/b/${id}`]: '2' }))
    for (const name of ['n1', 'n2'])
      await session(namespace, (id) => ({ [`election/e/${id}`]: name }))
    const { pid } = process
    const rows = await brief(namespace)
    expect(rows.filter((row) => row.startsWith('lock:a:'))).toEqual(
      ['holds', 'waits', 'waits'].map((state) => `lock:a:${state}:${pid}`),
    )
    expect(rows.filter((row) => row.startsWith('lock:a/b:'))).toEqual(
      ['holds', 'holds', 'waits'].map((state) => `lock:a/b:${state}:${pid}`),
    )
    expect(rows.slice(6)).toEqual([`election:e:leads:n1:${pid}`, `election:e:campaigns:n2:${pid}`])
  })

  test("takes Consul's own word for who holds a lock", async () => {
    const namespace = await memory()
    const first = await session(namespace, (id) => ({ [`lock/s/${id}`]: '2' }))
    const second = await session(namespace, (id) => ({ [`lock/s/${id}`]: '2' }))
    const native = JSON.stringify({ Limit: 2, Holders: { [second]: true, elsewhere: true } })
    await namespace.backend.commit([], [put('rdv/lock/s/.lock', native)])
    expect(await brief(namespace)).toEqual([
      'lock:s:holds',
      `lock:s:waits:${process.pid}`,
      `lock:s:holds:${process.pid}`,
    ])
    expect(first).not.toBe(second)
  })

  test('has what runs and what was done once, counters, wait groups, barriers and topics', async () => {
    const namespace = await memory()
    await session(namespace, (id) => ({ [`once/nightly/${id}`]: '' }))
    const writes = {
      'once/migrated': '{}',
      'counter/builds': '42',
      'waitgroup/jobs': 'pending=2 added=3',
      'barrier/start': '{"generation":4,"released":{}}',
    }
    for (const [key, value] of Object.entries(writes)) {
      await namespace.backend.commit([], [put(`rdv/${key}`, value)])
    }
    for (const generation of [3, 4, 4]) {
      await session(namespace, (id) => ({ [`barrier/start/${generation}/${id}`]: '3' }))
    }
    await publish(namespace, 'events', ['one', 'two', 'three'])
    await publish(namespace, 'events/eu', ['one'])
    const { pid } = process
    expect(await brief(namespace)).toEqual([
      `once:nightly:runs:${pid}`,
      'once:migrated:done',
      'counter:builds:42',
      'waitgroup:jobs:pending=2 added=3',
      'barrier:start:2 of 3 arrived',
      `barrier:start:waits:${pid}`,
      `barrier:start:waits:${pid}`,
      'topic:events:messages 1 to 3',
      'topic:events/eu:messages 1 to 1',
    ])
  })

  test('has pipes, also those that are named like a group of another one', async () => {
    const namespace = await memory()
    await session(namespace, () => ({ 'pipe/a': 'sending', 'pipe/a/g/url': 'tcp://h:1' }))
    await session(namespace, () => ({ 'pipe/a/g/member/1': 'receiving' }))
    await session(namespace, () => ({ 'pipe/a/g': 'sending' }))
    await namespace.backend.commit([], [put('rdv/pipe/old/g/ended', 'x')])
    const { pid } = process
    expect((await brief(namespace)).sort()).toEqual([
      `pipe:a/g:receives:${pid}`,
      `pipe:a/g:sends:${pid}`,
      `pipe:a/g:tcp://h:1:${pid}`,
      `pipe:a:sends:${pid}`,
    ])
  })

  test('is taken from what others have written, whatever it is', async () => {
    const namespace = await memory()
    for (const kind of ['lock', 'election', 'once', 'counter', 'barrier', 'topic', 'pipe']) {
      for (const name of ['x', 'x/.lock', 'x/head', 'x/0/y', 'x/member/y']) {
        await namespace.backend.commit([], [put(`rdv/${kind}/${name}`, '\0{"')])
      }
    }
    expect((await status(namespace)).length).toBeGreaterThan(0)
  })
})

test('a watched status comes again when something has changed', async () => {
  const namespace = await memory()
  const stop = new AbortController()
  const seen: string[] = []
  const steps = [
    () => session(namespace, () => ({ 'signal/k': 'up' })),
    () => namespace.backend.commit([], [put('rdv/counter/c', '1')]),
    () => publish(namespace, 't', ['m']),
    () => stop.abort(new Error('over')),
  ]
  const watching = async () => {
    for await (const rows of watchStatus(namespace, stop.signal)) {
      seen.push(rows.map(({ kind, state }) => `${kind} ${state}`).join(', '))
      await steps.shift()?.()
    }
  }
  await expect(watching()).rejects.toThrow('over')
  expect(seen).toEqual([
    '',
    'signal up',
    'signal up, counter 1',
    'signal up, counter 1, topic messages 1 to 1',
  ])
})
