import { once } from 'node:events'
import { hostname } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { put, remove } from '../../../src/backends/operations.ts'
import { LostError, NoError } from '../../../src/base/errors.ts'
import type { Namespace } from '../../../src/recipes/core/namespace.ts'
import { Session } from '../../../src/recipes/core/session.ts'
import { getState } from '../../../src/recipes/get.ts'
import { Hold } from '../../../src/recipes/hold.ts'
import { Membership } from '../../../src/recipes/membership.ts'
import { signal } from '../../../src/recipes/signal.ts'
import { start } from '../../child/harness.ts'
import {
  Follower,
  type Harness,
  type NetworkHarness,
  type Pair,
  present,
  type SharedHarness,
  text,
} from './harness.ts'

/**
 * In milliseconds. The TTL is so long that, within a case, a loss is detected only by a watch or because the store sees
 * the death.
 */
const LONG_TTL = 60_000

/**
 * In milliseconds, for cases in which the TTL must end. Some stores raise it. A slow machine can still renew it in
 * time.
 */
const SHORT_TTL = 2_000

/** Milliseconds in which a watch reports a change, even on a slow and busy machine. This is far less than the TTL. */
const PROMPT = 20_000

/** In milliseconds. Less than the 5 s for which an idle connection would keep a process alive. */
const ENDS = 4_000

const fixture = (name: string): string =>
  fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url))

const run = (name: string, ...args: string[]) =>
  start([process.execPath, '--disable-warning=ExperimentalWarning', fixture(name), ...args])

/** The same new namespace for two clients. */
const namespacesOf = (
  pair: Pair<Harness>,
): { a: Namespace; b: Namespace; key: string; namespace: string } => {
  const name = present(pair.prefix().split('/')[0])
  const of = (backend: Backend): Namespace => ({ backend, name })
  return { a: of(pair.a), b: of(pair.b), namespace: name, key: `${name}/signal/k` }
}

/** Starts a process that holds the key `k`, and a client that sees the key. */
const startHolder = async (pair: Pair<SharedHarness>, ttl: number) => {
  const { b, namespace, key } = namespacesOf(pair)
  const follower = new Follower(pair.b, key)
  const process = run('holder', pair.harness.url, namespace, 'k', String(ttl))
  const inForce = Number(await process.says(/held (\d+)/))
  await follower.until((known) => known.has(key))
  return { b, key, follower, process, ttl: inForce }
}

/** The recipes' parts that use leases: sessions, holds and memberships. */
export const sessions = (pair: Pair<Harness>): void => {
  const namespaces = () => namespacesOf(pair)

  const sessionOf = async (key: string): Promise<string> =>
    present(present(await pair.b.get(key)).lease)

  describe('a hold', () => {
    test('is there, with its record, until it is released, and then nothing is left', async () => {
      const { a, namespace, key } = namespaces()
      const follower = new Follower(pair.b, `${namespace}/`)
      const hold = await Hold.take(a, 'k', 'busy')
      await follower.until((known) => known.size === 2)
      expect(follower.state(key)).toBe('busy')
      const lease = await sessionOf(key)
      const record = JSON.parse(present(follower.state(`${namespace}/session/${lease}`)))
      expect(record).toMatchObject({ kind: 'hold', host: hostname(), pid: process.pid })
      await hold.release()
      await follower.until((known) => known.size === 0)
      expect(hold.lost.aborted).toBe(false)
      await follower.stop()
    })

    test('is refused to a second one, who is told host and process id, and the first stays', async () => {
      const { a, b, namespace } = namespaces()
      const first = await Hold.take(a, 'k', 'first')
      const second = Hold.take(b, 'k', 'second')
      await expect(second).rejects.toThrow(NoError)
      await expect(second).rejects.toThrow(`${hostname()} (pid ${process.pid})`)
      expect(await getState(b, 'k')).toBe('first')
      expect((await pair.b.list(`${namespace}/session/`)).entries).toHaveLength(1)
      await first.release()
      const third = await Hold.take(b, 'k', 'third')
      expect(await getState(a, 'k')).toBe('third')
      await third.release()
    })

    test('is had by one of eight who take it at the same time', async () => {
      const { a, b, namespace } = namespaces()
      const takes = await Promise.allSettled(
        Array.from({ length: 8 }, (_, i) => Hold.take(i % 2 ? a : b, 'k', `s${i}`)),
      )
      const holds = takes.flatMap((take) => (take.status === 'fulfilled' ? [take.value] : []))
      const reasons = takes.flatMap((take) => (take.status === 'rejected' ? [take.reason] : []))
      expect(holds).toHaveLength(1)
      for (const reason of reasons) expect(reason).toBeInstanceOf(NoError)
      expect((await pair.b.list(`${namespace}/session/`)).entries).toHaveLength(1)
      await holds[0]?.release()
    })

    test('stays held when somebody else signals another state', async () => {
      const { a, b, key } = namespaces()
      const hold = await Hold.take(a, 'k', 'busy')
      const lease = await sessionOf(key)
      await signal(b, 'k', 'ready')
      expect(await pair.a.get(key)).toMatchObject({ lease })
      expect(await getState(a, 'k')).toBe('ready')
      await hold.setState('mine again')
      expect(await getState(b, 'k')).toBe('mine again')
      expect(hold.lost.aborted).toBe(false)
      await hold.release()
      expect(await pair.b.get(key)).toBeUndefined()
    })

    test('leaves a final state behind, sticky', async () => {
      const { a, key, namespace } = namespaces()
      const hold = await Hold.take(a, 'k', 'busy')
      await hold.release('done')
      const { entries } = await pair.b.list(`${namespace}/`)
      expect(entries.map((entry) => [entry.key, text(entry)])).toEqual([[key, 'done']])
      expect(entries[0]).not.toHaveProperty('session')
    })

    test.each([
      ['its lease is revoked', (key: string) => sessionOf(key).then((id) => pair.b.revoke(id))],
      ['its key is deleted', (key: string) => pair.b.commit([], [remove(key)])],
      [
        'its key is made another one’s',
        (key: string) =>
          pair.b.commit([], [remove(key)]).then(() => pair.b.commit([], [put(key, 'theirs')])),
      ],
    ])('is lost promptly when %s from outside', async (_, take) => {
      const { a, key } = namespaces()
      const hold = await Hold.take(a, 'k', 'busy', { ttl: LONG_TTL })
      const lost = once(hold.lost, 'abort')
      const started = performance.now()
      await take(key)
      await lost
      expect(performance.now() - started).toBeLessThan(PROMPT)
      expect(hold.lost.reason).toBeInstanceOf(LostError)
      await expect(hold.setState('x')).rejects.toThrow(LostError)
      const left = await pair.b.get(key)
      await hold.release()
      expect(await pair.b.get(key)).toEqual(left)
    })
  })

  describe('a membership', () => {
    test('joins again after a revoke, in its latest state', async () => {
      const { a, key } = namespaces()
      const follower = new Follower(pair.b, key)
      const member = await Membership.join(a, 'k', 'one', { ttl: LONG_TTL })
      await member.setState('two')
      await follower.until(() => follower.state(key) === 'two')
      const before = await sessionOf(key)
      await pair.b.revoke(before)
      await follower.until((known) => ![undefined, before].includes(known.get(key)?.lease))
      expect(follower.state(key)).toBe('two')
      await member.setState('three')
      await follower.until(() => follower.state(key) === 'three')
      await member.leave()
      await follower.until((known) => known.size === 0)
      await follower.stop()
    })
  })

  test('a process ends by itself once it has closed everything', async () => {
    const { namespace } = namespaces()
    const { harness } = pair
    const url = 'url' in harness ? (harness as SharedHarness).url : 'memory:'
    const process = run('everything', url, namespace)
    await process.says(/closed/)
    const closed = performance.now()
    expect(await process.ended).toMatchObject({ code: 0, output: 'closed\n' })
    expect(performance.now() - closed).toBeLessThan(ENDS)
    expect((await pair.b.list(`${namespace}/signal/`)).entries).toEqual([])
  })
}

/** Checks what happens to a process that holds a key, on a store that other processes can reach. */
export const holders = (pair: Pair<SharedHarness>): void => {
  describe.concurrent('a process', () => {
    test('that is killed loses what it held: at once where that is seen, else by its TTL', async () => {
      const { seesDeath, expiryFactor } = pair.a.traits
      const { follower, process, ttl } = await startHolder(pair, seesDeath ? LONG_TTL : SHORT_TTL)
      process.child.kill('SIGKILL')
      const killed = performance.now()
      await follower.until((known) => known.size === 0)
      const limit = seesDeath ? PROMPT : expiryFactor * ttl + PROMPT
      expect(performance.now() - killed).toBeLessThan(limit)
      await follower.stop()
    })

    test('that was stopped for longer than its TTL knows that it has lost what it held', async () => {
      const { b, follower, process, key } = await startHolder(pair, SHORT_TTL)
      process.child.kill('SIGSTOP')
      await follower.until((known) => !known.has(key))
      const next = await Hold.take(b, 'k', 'next')
      process.child.kill('SIGCONT')
      await process.says(/lost/)
      expect((await process.ended).code).toBe(0)
      expect(follower.state(key)).toBe('next')
      await next.release()
      await follower.stop()
    })
  })
}

/** Checks what happens to a session when the network fails. */
export const losses = (pair: Pair<NetworkHarness>): void => {
  test('a session whose renewals fail is lost before anybody else can hold', async () => {
    const { proxy, connectThroughProxy } = pair.harness
    const { b, key, namespace: name } = namespacesOf(pair)
    const client = await connectThroughProxy({ callLimit: 1_500 })
    const follower = new Follower(pair.b, key)
    const hold = await Hold.take({ backend: client, name }, 'k', 'busy', { ttl: 3_000 })
    await follower.until((known) => known.has(key))
    const order: string[] = []
    hold.expiring.addEventListener('abort', () => order.push('expiring'))
    hold.lost.addEventListener('abort', () => order.push('lost'))
    const free = follower.until((known) => !known.has(key)).then(() => order.push('free'))
    proxy.pause()
    await free
    const next = await Hold.take(b, 'k', 'next')
    expect(order).toEqual(['expiring', 'lost', 'free'])
    proxy.cut()
    proxy.resume()
    await next.release()
    await hold.release()
    await client.close()
    await follower.stop()
  })
  test('a session that could not be ended in time is ended as soon as the store is back', async () => {
    const { proxy, connectThroughProxy } = pair.harness
    const { a, key, namespace } = namespacesOf(pair)
    const client = await connectThroughProxy()
    const follower = new Follower(pair.b, `${namespace}/signal/`)
    const hold = await Hold.take({ backend: client, name: namespace }, 'k', 'busy', {
      ttl: LONG_TTL,
    })
    await follower.until((known) => known.has(key))
    proxy.pause()
    await hold.release(undefined, AbortSignal.timeout(1))
    // Consul accepts no shorter TTL, and keeps the key for up to twice as long
    await signal(a, 'clock', 'ready', { expire: 10_000 })
    const order: string[] = []
    const left = (name: string) =>
      follower
        .until((known) => !known.has(`${namespace}/signal/${name}`))
        .then(() => order.push(name))
    await follower.until((known) => known.has(`${namespace}/signal/clock`))
    const both = Promise.all([left('k'), left('clock')])
    proxy.cut()
    proxy.resume()
    await both
    expect(order).toEqual(['k', 'clock'])
    await client.close()
    await follower.stop()
  })
  test('a session is renewed though its client has many calls under way', async () => {
    const { proxy, connectThroughProxy } = pair.harness
    const client = await connectThroughProxy({ callLimit: 120_000 })
    const session = await Session.open(client, { ttl: 6_000 })
    // only some of these calls have a connection, and the last ones have to wait for longer than the TTL
    proxy.delay(800)
    await Promise.all(Array.from({ length: 160 }, () => client.get(`${pair.prefix()}k`)))
    proxy.delay(0)
    expect(session.expiring.aborted).toBe(false)
    await session.close()
    await client.close()
  })
}
