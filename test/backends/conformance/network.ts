import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Backend, Entry } from '../../../src/backends/backend.ts'
import { put, putHeld, remove } from '../../../src/backends/operations.ts'
import { backoff } from '../../../src/base/backoff.ts'
import { IndeterminateError, LeaseGoneError, UnavailableError } from '../../../src/base/errors.ts'
import { failureOf } from '../../failure-of.ts'
import { onTestFinished } from '../../finished.ts'
import { beside } from '../../side-by-side.ts'
import { Follower, type NetworkHarness, pair, text } from './harness.ts'
import { losses } from './sessions.ts'

/** The limit in milliseconds. An idle machine takes less than 5 s; others take less than the limit of a call. */
const HEARD_AGAIN = 9_000

/** The promises of every backend about a store behind a network that fails. */
export const networkConformance = (start: () => Promise<NetworkHarness>): void => {
  beside('a session behind a network', () => losses(pair(start)))
  beside('behind a network', () => {
    const clients = pair(start)
    /** The limit of a call in milliseconds, so short that the cases of a silent store are short. */
    const callLimit = 1_500

    /**
     * A client whose connections go through the proxy, for one case. The case need not repair the proxy or the store.
     */
    const patient = async (options?: { callLimit: number }) => {
      const { proxy, service, connectThroughProxy } = clients.harness
      const client = await connectThroughProxy(options)
      onTestFinished(async () => {
        service.thaw()
        proxy.cut()
        proxy.delay(0)
        proxy.resume()
        await proxy.accept()
        await client.close()
      })
      return client
    }
    const remote = () => patient({ callLimit })

    test('a watch converges across a cut connection, on deletions too', async () => {
      const prefix = clients.prefix()
      const { proxy } = clients.harness
      const client = await remote()
      await clients.a.commit([], [put(`${prefix}gone`, 'x'), put(`${prefix}kept`, '1')])
      const follower = new Follower(client, prefix)
      await follower.until((known) => known.size === 2)
      proxy.refuse()
      await clients.a.commit(
        [],
        [remove(`${prefix}gone`), put(`${prefix}kept`, '2'), put(`${prefix}new`, '3')],
      )
      await proxy.accept()
      await follower.until(
        (known) => !known.has(`${prefix}gone`) && text(known.get(`${prefix}kept`)) === '2',
      )
      expect(follower.state(`${prefix}new`)).toBe('3')
      expect(follower.events).toContainEqual(
        expect.objectContaining({ kind: 'snapshot', reset: true }),
      )
      await clients.a.commit([], [put(`${prefix}later`, '4')])
      await follower.until((known) => known.has(`${prefix}later`))
    })

    test('a watch of a key that was signalled while it was cut off is woken', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await remote()
      const follower = new Follower(client, key)
      await follower.until((_, events) => events.length > 0)
      for (let i = 0; i < 5; i++) {
        proxy.cut()
        await clients.a.commit([], [put(key, String(i))])
        await follower.until(() => follower.state(key) === String(i))
      }
      expect(follower.events.length).toBeGreaterThan(5)
    })

    test('a watch tells that the store is out of reach, and goes on by itself', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await remote()
      const follower = new Follower(client, key)
      await follower.until((_, events) => events.length > 0)
      proxy.refuse()
      await follower.until((_, events) => events.some(({ kind }) => kind === 'interrupted'))
      await proxy.accept()
      await clients.a.commit([], [put(key, 'ready')])
      await follower.until(() => follower.state(key) === 'ready')
      const kinds = follower.events.map(({ kind }) => kind)
      expect(kinds.lastIndexOf('interrupted')).toBeLessThan(kinds.length - 1)
    })

    test('a watch that begins while nothing listens begins when something does', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await remote()
      proxy.refuse()
      const follower = new Follower(client, key)
      await follower.until((_, events) => events.some(({ kind }) => kind === 'interrupted'))
      await clients.a.commit([], [put(key, 'ready')])
      await proxy.accept()
      await follower.until(() => follower.state(key) === 'ready')
      expect(follower.events[0]).toMatchObject({ kind: 'interrupted' })
    })

    test('where nothing listens every call is Unavailable, and nothing is written', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await remote()
      proxy.refuse()
      await expect(client.get(key)).rejects.toThrow(UnavailableError)
      await expect(client.list(key)).rejects.toThrow(UnavailableError)
      await expect(client.commit([], [put(key, 'x')])).rejects.toThrow(UnavailableError)
      await expect(client.grant(15_000)).rejects.toThrow(UnavailableError)
      await proxy.accept()
      expect(await clients.a.get(key)).toBeUndefined()
    })

    test('a commit whose reply is lost is Indeterminate, and was sent once', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await remote()
      await client.get(key)
      const follower = new Follower(clients.b, key)
      await follower.until((_, events) => events.length > 0)
      const swallowed = proxy.dropReplies()
      const commit = client.commit([], [put(key, 'x')])
      const outcome = failureOf(commit)
      await swallowed
      proxy.cut()
      expect(await outcome).toBeInstanceOf(IndeterminateError)
      await follower.until((known) => known.has(key))
      const entry = await client.get(key)
      await clients.a.commit([], [put(`${key}-after`, 'x')])
      expect(entry).toMatchObject({ modRevision: entry?.createRevision })
      expect(await clients.a.get(key)).toEqual(entry)
    })

    test('a commit that is cancelled while it is on its way is Indeterminate', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await remote()
      const cancel = new AbortController()
      await client.get(key)
      const swallowed = proxy.dropReplies()
      const commit = client.commit([], [put(key, 'x')], { signal: cancel.signal })
      const outcome = failureOf(commit)
      await swallowed
      cancel.abort(new Error('cancelled'))
      expect(await outcome).toBeInstanceOf(IndeterminateError)
      proxy.cut()
    })

    test('a frozen server fails every call within the call limit', async () => {
      const key = `${clients.prefix()}k`
      const { service } = clients.harness
      const client = await remote()
      await client.get(key)
      service.freeze()
      const started = performance.now()
      try {
        await expect(client.get(key)).rejects.toThrow(UnavailableError)
        await expect(client.list(key)).rejects.toThrow(UnavailableError)
        await expect(client.commit([], [put(key, 'x')])).rejects.toThrow()
        // less than with the usual limit of 5 s, even on a slow machine
        expect(performance.now() - started).toBeLessThan(3 * 5_000)
      } finally {
        service.thaw()
      }
    })

    test('a watch survives a server that was frozen', async () => {
      const key = `${clients.prefix()}k`
      const { service } = clients.harness
      const client = await remote()
      const follower = new Follower(client, key)
      await follower.until((_, events) => events.length > 0)
      service.freeze()
      await follower.until((_, events) => events.some(({ kind }) => kind === 'interrupted'))
      service.thaw()
      await writeReady(clients.a, key)
      await follower.until(() => follower.state(key) === 'ready')
      expect(await clients.a.get(key)).toEqual(follower.known.get(key))
    })

    // retried because it measures the wall clock, and other processes may use the machine at that moment
    test('a watch whose connection goes half-open is heard again within 5 s', {
      retry: 1,
    }, async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await patient()
      const follower = new Follower(client, key)
      await follower.until((_, events) => events.length > 0)
      for (const state of ['1', '2']) {
        const took = await timed(async () => {
          proxy.halfOpen()
          await clients.a.commit([], [put(key, state)])
          await follower.until(() => follower.state(key) === state)
        })
        expect(took).toBeLessThan(HEARD_AGAIN)
      }
    })

    // retried because it measures the wall clock, and other processes may use the machine at that moment
    test('a watch whose connection alone goes half-open is heard again, too', {
      retry: 1,
    }, async () => {
      const prefix = clients.prefix()
      const { proxy } = clients.harness
      const client = await patient()
      await clients.a.commit([], [put(`${prefix}a`, '1'), put(`${prefix}b`, '1')])
      const follower = new Follower(client, prefix)
      await follower.until((known) => known.size === 2)
      await clients.a.commit([], [put(`${prefix}a`, '2')])
      await follower.until(() => follower.state(`${prefix}a`) === '2')
      for (const write of [remove(`${prefix}b`), put(`${prefix}a`, '3')]) {
        const took = await timed(async () => {
          proxy.halfOpen(1)
          await clients.a.commit([], [write])
          await follower.until((known) =>
            write.kind === 'put' ? follower.state(write.key) === '3' : !known.has(write.key),
          )
        })
        expect(took).toBeLessThan(HEARD_AGAIN)
      }
    })

    test('a renewal and a read whose connections go half-open pass at the next attempt', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await patient()
      const { id } = await client.grant(15_000)
      // several connections are kept if each of them carries one call at a time
      await Promise.all(Array.from({ length: 6 }, () => client.get(key)))
      proxy.halfOpen()
      await expect(client.get(key)).rejects.toThrow(UnavailableError)
      await client.renew(id)
      await client.get(key)
    })

    test('a watch of a store that answers late is left alone', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await patient()
      await client.get(key)
      proxy.delay(1_700)
      const follower = new Follower(client, key)
      await follower.until((_, events) => events.length > 0)
      await sleep(9_000)
      await clients.a.commit([], [put(key, 'ready')])
      await follower.until(() => follower.state(key) === 'ready')
      expect(follower.events.map(({ kind }) => kind)).toEqual(['snapshot', 'changes'])
      proxy.delay(0)
    })

    test('a store that answers late is reached on a new connection, too', async () => {
      const key = `${clients.prefix()}k`
      const { proxy } = clients.harness
      const client = await patient()
      await clients.a.commit([], [put(key, 'late')])
      await client.get(key)
      proxy.delay(1_700)
      proxy.cut()
      let entry: Entry | undefined
      for (const pause of backoff()) {
        entry = await client.get(key).catch(() => undefined)
        if (entry) break
        await pause()
      }
      expect(text(entry)).toBe('late')
      proxy.delay(0)
    })

    test('a watch goes on across a restart of the server, which keeps what was committed', async () => {
      const key = `${clients.prefix()}k`
      const client = await remote()
      await clients.a.commit([], [put(key, 'before')])
      const follower = new Follower(client, key)
      await follower.until((known) => known.size === 1)
      await clients.harness.service.restart()
      await writeReady(clients.a, `${key}-other`)
      await follower.until((_, events) =>
        events.some((event) => event.kind === 'snapshot' && event.reset),
      )
      expect(follower.state(key)).toBe('before')
      await writeReady(clients.a, key)
      await follower.until(() => follower.state(key) === 'ready')
    })

    test('300 watchers in one process share few connections', async () => {
      const prefix = clients.prefix()
      const { proxy } = clients.harness
      const client = await remote()
      const keys = Array.from({ length: 300 }, (_, i) => `${prefix}${i}/k`)
      const followers = keys.map((key) => new Follower(client, key))
      await Promise.all(followers.map((one) => one.until((_, events) => events.length > 0)))
      expect(proxy.connections).toBeLessThanOrEqual(40)
      for (const key of keys) await clients.a.commit([], [put(key, 'ready')])
      await Promise.all(followers.map((one) => one.until((known) => known.size === 1)))
    })

    test('a store that was emptied is noticed: watches reset, leases are gone, revisions rise or restart with it', async () => {
      const prefix = clients.prefix()
      const client = await remote()
      const lease = await client.grant(15_000)
      await client.commit(
        [],
        [put(`${prefix}sticky`, 'x'), putHeld(`${prefix}held`, 'x', lease.id)],
      )
      const follower = new Follower(client, prefix)
      await follower.until((known) => known.size === 2)
      await clients.harness.service.restart({ empty: true })
      await follower.until((known) => known.size === 0)
      expect(follower.events.at(-1)).toMatchObject({ kind: 'snapshot', reset: true })
      await expect(patiently(() => client.renew(lease.id))).rejects.toThrow(LeaseGoneError)
      await writeReady(client, `${prefix}new`)
      await follower.until((known) => known.has(`${prefix}new`))
    })
  })
}

/** The milliseconds that `body` takes, without those in which this process could not run. */
const timed = async (body: () => Promise<void>): Promise<number> => {
  const lag = monitorEventLoopDelay({ resolution: 20 })
  lag.enable()
  const begun = performance.now()
  await body()
  lag.disable()
  return performance.now() - begun - (lag.max / 1e6 - 20)
}

/** Repeats a call until the store can be reached. */
const patiently = async <T>(call: () => Promise<T>): Promise<T> => {
  for (const pause of backoff()) {
    try {
      return await call()
    } catch (error) {
      const transient = error instanceof UnavailableError || error instanceof IndeterminateError
      if (!transient) throw error
    }
    await pause()
  }
  throw new Error('unreachable')
}

const writeReady = (backend: Backend, key: string) =>
  patiently(() => backend.commit([], [put(key, 'ready')]))
