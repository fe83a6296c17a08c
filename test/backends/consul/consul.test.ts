import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { CommitResult, Entry } from '../../../src/backends/backend.ts'
import { open, traits } from '../../../src/backends/consul/index.ts'
import {
  absent,
  heldBy,
  put,
  putDetached,
  putHeld,
  remove,
  unchanged,
} from '../../../src/backends/operations.ts'
import {
  LeaseGoneError,
  LostError,
  UnavailableError,
  UsageError,
} from '../../../src/base/errors.ts'
import { startConsul } from '../../services/consul.ts'
import { startProxy } from '../../services/proxy.ts'
import { beside } from '../../side-by-side.ts'
import {
  type ClaimingHarness,
  Follower,
  type NetworkHarness,
  pair,
  text,
} from '../conformance/harness.ts'
import { claimingConformance, sharedConformance } from '../conformance/index.ts'
import { networkConformance } from '../conformance/network.ts'
import { consul, delayLock, request } from './native.ts'

const start = async (): Promise<NetworkHarness & ClaimingHarness> => {
  const service = await startConsul()
  const proxy = await startProxy(service)
  return {
    url: service.url,
    service,
    proxy,
    connect: (options) => open(service.url, { env: {}, ...options }),
    connectThroughProxy: (options) => open(proxy.url('consul'), { env: {}, ...options }),
    delayLock: (name) => delayLock(service, name),
    stop: async () => {
      await proxy.stop()
      await service.stop()
    },
  }
}

const TTL = 30_000

const revisionOf = (result: CommitResult): number => {
  if (result.outcome !== 'ok') throw new Error(result.outcome)
  return result.revision
}

describe('consul', () => {
  sharedConformance(start)
  networkConformance(start)
  claimingConformance(start)

  beside('a commit', () => {
    const clients = pair(start)

    test('of deletions alone tells the revision at which they were made', async () => {
      const prefix = clients.prefix()
      const before = revisionOf(await clients.a.commit([], [put(`${prefix}k`, 'x')]))
      const deleted = revisionOf(await clients.b.commit([], [remove(`${prefix}k`)]))
      expect(deleted).toBeGreaterThan(before)
      expect((await clients.a.list(prefix)).revision).toBe(deleted)
      expect(revisionOf(await clients.a.commit([], [remove(`${prefix}k`)]))).toBeGreaterThan(
        deleted,
      )
    })

    test('of guards alone answers and writes nothing', async () => {
      const prefix = clients.prefix()
      const revision = revisionOf(await clients.a.commit([], [put(`${prefix}k`, 'x')]))
      const there = unchanged(`${prefix}k`, revision)
      const checked = await clients.b.commit([there, absent(`${prefix}n`)], [])
      expect(checked).toEqual({ outcome: 'ok', revision })
      expect((await clients.b.commit([absent(`${prefix}k`)], [])).outcome).toBe('refused')
      expect((await clients.b.list(prefix)).entries).toHaveLength(1)
    })

    test('on a key in lock-delay is delayed, and passes after it', async ({ expect }) => {
      const { service } = clients.harness
      const key = `${clients.prefix()}k`
      const { ID: foreign } = await request<{ ID: string }>(service, 'PUT', '/session/create', {
        body: { LockDelay: '2s' },
      })
      await request(service, 'PUT', `/kv/${key}?acquire=${foreign}`, { body: 'x' })
      await request(service, 'PUT', `/session/destroy/${foreign}`)
      const { id } = await clients.a.grant(TTL)
      const free = unchanged(key, (await clients.a.get(key))?.modRevision ?? 0)
      const bind = () => clients.a.commit([free], [putHeld(key, 'mine', id)])

      expect(await bind()).toEqual({ outcome: 'delayed' })
      expect(await clients.a.commit([absent(key)], [putHeld(key, 'mine', id)])).toMatchObject({
        outcome: 'refused',
      })
      const gone = clients.a.commit([], [putHeld(key, 'mine', randomUUID())])
      await expect(gone).rejects.toThrow(LeaseGoneError)
      await expect.poll(bind).toMatchObject({ outcome: 'ok' })
      await clients.a.revoke(id)
    })

    test('of 16 sessions that take an unheld key one wins', async () => {
      for (const before of ['absent', 'plain']) {
        const key = `${clients.prefix()}k`
        if (before === 'plain') await clients.a.commit([], [put(key, 'free')])
        const free = (await clients.a.get(key))?.modRevision
        const precondition = free === undefined ? absent(key) : unchanged(key, free)
        const racers = await Promise.all(
          Array.from({ length: 16 }, async (_, i) => {
            const client = i % 2 ? clients.a : clients.b
            return { client, id: (await client.grant(TTL)).id }
          }),
        )
        const results = await Promise.all(
          racers.map(({ client, id }) => client.commit([precondition], [putHeld(key, id, id)])),
        )
        const winners = racers.filter((_, i) => results[i]?.outcome === 'ok')
        expect(winners).toHaveLength(1)
        expect(await clients.a.get(key)).toMatchObject({ lease: winners[0]?.id })
      }
    })

    test('keeps its meaning while others bind, detach, delete and rewrite the same key', async () => {
      const prefix = clients.prefix()
      const key = `${prefix}k`
      const [a, b] = [(await clients.a.grant(TTL)).id, (await clients.b.grant(TTL)).id]
      const storm = async (run: () => Promise<CommitResult>) => {
        for (let i = 0; i < 25; i++) revisionOf(await run())
      }
      await Promise.all([
        storm(() => clients.a.commit([], [putHeld(key, 'a', a), put(`${prefix}1`, 'a')])),
        storm(() => clients.b.commit([], [putHeld(key, 'b', b), put(`${prefix}2`, 'b')])),
        storm(() => clients.a.commit([], [putDetached(key, 'free')])),
        storm(() => clients.b.commit([], [remove(key)])),
        storm(() => clients.a.commit([], [put(key, 'changed')])),
      ])
      revisionOf(await clients.b.commit([], [putDetached(key, 'kept')]))
      await clients.a.revoke(a)
      await clients.a.revoke(b)
      expect(text(await clients.a.get(key))).toBe('kept')
    })

    test('that a session guards is refused once the session was destroyed from outside', async () => {
      const key = `${clients.prefix()}k`
      const { id } = await clients.a.grant(TTL)
      await clients.a.commit([], [putHeld(key, 'x', id)])
      const follower = new Follower(clients.b, key)
      await follower.until((known) => known.has(key))
      await request(clients.harness.service, 'PUT', `/session/destroy/${id}`)
      await follower.until((known) => !known.has(key))
      await expect(clients.a.renew(id)).rejects.toThrow(LeaseGoneError)
      expect(await clients.a.commit([heldBy(key, id)], [put(key, 'y')])).toEqual({
        outcome: 'refused',
        entries: [],
      })
      await follower.stop()
    })

    test('of the largest size passes with the longest keys', async () => {
      const prefix = clients.prefix()
      const long = (i: number) => `${prefix}${i}${'"'.repeat(512)}`
      const keys = Array.from({ length: traits.maxCommitOperations - 1 }, (_, i) => long(i))
      const { id } = await clients.a.grant(TTL)
      const other = (await clients.b.grant(TTL)).id
      await clients.b.commit(
        [],
        keys.map((key) => putHeld(key, '', other)),
      )
      const names = [...keys, `${prefix}large`].reduce((sum, key) => sum + key.length, 0)
      const large = put(`${prefix}large`, Buffer.alloc(traits.maxCommitBytes - names, 1))
      const writes = [...keys.map((key) => putHeld(key, '', id)), large]
      revisionOf(await clients.a.commit([], writes))
      await clients.a.revoke(id)
      expect((await clients.a.list(prefix)).entries).toHaveLength(1)
    })

    test('of keys that Consul cannot be asked for is refused unsent', async () => {
      const prefix = clients.prefix()
      const commit = clients.a.commit([], [put(`${prefix}a\u200db`, 'x')])
      await expect(commit).rejects.toThrow(UsageError)
      await expect(clients.a.get(`${prefix}a\u200db`)).rejects.toThrow(UsageError)
      expect((await clients.a.list(prefix)).entries).toEqual([])
    })
  })

  beside('a lease', () => {
    const clients = pair(start)

    /** Fills the server's log. A server with a long log answers before it has read the whole log. */
    const fillLog = async () => {
      const prefix = clients.prefix()
      const write = (i: number) => clients.a.commit([], [put(`${prefix}${i}`, 'x'.repeat(3000))])
      for (let i = 0; i < 4000; i += 100) {
        await Promise.all(Array.from({ length: 100 }, (_, j) => write(i + j)))
      }
    }

    test('is never said to be gone, nor to be revoked, while the server starts again', async ({
      expect,
    }) => {
      await fillLog()
      const kept = await clients.a.grant(TTL)
      const ended = await clients.a.grant(TTL)
      const restarted = clients.harness.service.restart()
      const answers = new Set<unknown>()
      const renewing = setInterval(() => {
        clients.a.renew(kept.id).then(
          (answer) => answers.add(answer),
          (error) => answers.add(error.name),
        )
      }, 2)
      const revoke = (): Promise<void> => clients.b.revoke(ended.id).catch(revoke)
      await Promise.all([restarted, revoke()])
      clearInterval(renewing)
      await expect(clients.b.renew(ended.id)).rejects.toThrow(LeaseGoneError)
      await expect.poll(() => clients.a.renew(kept.id).catch(String)).toBe(TTL)
      expect([...answers].filter((answer) => answer !== TTL)).toEqual(['UnavailableError'])
    })

    test('is refused where Consul cannot keep it so long', async () => {
      await expect(clients.a.grant(traits.maxTtl + 1)).rejects.toThrow(UsageError)
      expect(await clients.a.grant(10_001)).toMatchObject({ ttl: 11_000 })
    })

    test('with an id that is none is gone', async () => {
      await expect(clients.a.renew('nonsense')).rejects.toThrow(LeaseGoneError)
      await clients.a.revoke('nonsense')
      const commit = clients.a.commit([], [putHeld(`${clients.prefix()}k`, 'x', 'nonsense')])
      await expect(commit).rejects.toThrow(LeaseGoneError)
    })
  })

  beside('a watch', () => {
    const clients = pair(start)

    test('that joins a wider one begins with what is newest and misses nothing', async () => {
      const prefix = clients.prefix()
      const wide = new Follower(clients.b, prefix)
      await wide.until((_, events) => events.length > 0)
      const joiners: Follower[] = []
      for (let i = 0; i < 40; i++) {
        const key = `${prefix}${i % 4}`
        await clients.a.commit([], [i % 3 ? put(key, String(i)) : remove(key)])
        const joiner = new Follower(clients.b, key)
        await joiner.until((_, events) => events.length > 0)
        expect(joiner.state(key)).toBe(i % 3 ? String(i) : undefined)
        joiners.push(joiner)
      }
      for (let i = 0; i < 4; i++) await clients.a.commit([], [put(`${prefix}${i}`, 'last')])
      await Promise.all(joiners.map((one) => one.until((known) => isLast(known))))
      for (let i = 0; i < 4; i++) await clients.a.commit([], [remove(`${prefix}${i}`)])
      await Promise.all([wide, ...joiners].map((one) => one.until((known) => known.size === 0)))
      await Promise.all([wide, ...joiners].map((one) => one.stop()))
    })

    const isLast = (known: ReadonlyMap<string, Entry>) =>
      [...known.values()].some((entry) => text(entry) === 'last')

    test('that joins while an older listing is still on its way does not begin with that', async () => {
      const prefix = clients.prefix()
      const { proxy } = clients.harness
      const client = await clients.harness.connectThroughProxy()
      proxy.delay(900)
      const first = new Follower(client, prefix)
      await sleep(1_350) // The server has answered, and its answer is on the way.
      await clients.a.commit([], [put(`${prefix}k`, 'x')])
      const joiner = new Follower(client, `${prefix}k`)
      await joiner.until((_, events) => events.length > 0)
      expect(joiner.state(`${prefix}k`)).toBe('x')
      await first.until((known) => known.size === 1)
      proxy.delay(0)
      await first.stop()
      await joiner.stop()
      await client.close()
    })

    test('that joined goes on with an emptied server, whose index begins anew', async () => {
      const prefix = clients.prefix()
      const { service } = clients.harness
      for (let i = 0; i < 50; i++) await clients.a.commit([], [put(`${prefix}k`, String(i))])
      const wide = new Follower(clients.b, prefix)
      await wide.until((known) => known.size === 1)
      const joiner = new Follower(clients.b, `${prefix}k`)
      await joiner.until((known) => known.size === 1)
      await service.restart({ empty: true })
      await Promise.all([wide, joiner].map((one) => one.until((known) => known.size === 0)))
      await clients.a.commit([], [put(`${prefix}k`, 'anew')])
      await Promise.all([wide, joiner].map((one) => one.until((known) => known.size === 1)))
      await clients.a.commit([], [remove(`${prefix}k`)])
      await Promise.all([wide, joiner].map((one) => one.until((known) => known.size === 0)))
      expect((await clients.a.list(prefix)).entries).toEqual([])
      await Promise.all([wide, joiner].map((one) => one.stop()))
    })

    test('sees what Consul’s own command deletes recursively from above it', async () => {
      const client = await clients.harness.connect({ callLimit: 1_000 })
      const [root] = clients.prefix().split('/')
      const prefix = `${root}/signal/deploy/`
      await client.commit([], [put(`${prefix}a`, 'x'), put(`${prefix}b`, 'x')])
      await client.commit([], [remove(`${prefix}b`)])
      const follower = new Follower(client, prefix)
      const joiner = new Follower(client, `${prefix}a`)
      await Promise.all([follower, joiner].map((one) => one.until((known) => known.size === 1)))
      await consul(clients.harness.service, 'kv', 'put', `${root}/other`, 'x')
      await consul(clients.harness.service, 'kv', 'delete', '-recurse', `${root}/`)
      await Promise.all([follower, joiner].map((one) => one.until((known) => known.size === 0)))
      await client.commit([], [put(`${prefix}a`, 'again')])
      await Promise.all([follower, joiner].map((one) => one.until((known) => known.size === 1)))
      expect(follower.known).toEqual(joiner.known)
      await Promise.all([follower, joiner].map((one) => one.stop()))
      await client.close()
    })

    test('of an absent key costs little while others write beside it', async () => {
      const prefix = clients.prefix()
      const key = `${prefix}absent`
      const client = await clients.harness.connect()
      const follower = new Follower(client, key)
      await follower.until((_, events) => events.length > 0)
      let requests = 0
      const count = (message: unknown) => {
        const { path } = (message as { request: ClientRequest }).request
        if (path.includes(encodeURIComponent(key))) requests++
      }
      subscribe('http.client.request.start', count)
      const began = performance.now()
      for (let i = 0; i < 500; i++) await clients.a.commit([], [put(`${prefix}k`, String(i))])
      // twenty looks at once and then one every 50 ms, with two requests each
      const looks = 20 + Math.ceil((performance.now() - began) / 50)
      unsubscribe('http.client.request.start', count)
      expect(requests).toBeGreaterThan(10)
      expect(requests).toBeLessThanOrEqual(2 * (looks + 1))
      await clients.a.commit([], [put(key, 'x')])
      await follower.until((known) => known.size === 1)
      expect(follower.events).toHaveLength(2)
      await follower.stop()
      await client.close()
    })
  })

  describe('beside Consul’s own command', () => {
    const clients = pair(start)

    test('values are plain, both ways', async () => {
      const { service } = clients.harness
      const key = `${clients.prefix()}k`
      const follower = new Follower(clients.a, key)
      await follower.until((_, events) => events.length > 0)
      await consul(service, 'kv', 'put', key, 'ready')
      await follower.until(() => follower.state(key) === 'ready')
      await clients.a.commit([], [put(key, 'готов')])
      expect(await consul(service, 'kv', 'get', key)).toBe('готов')
      await consul(service, 'kv', 'delete', key)
      await follower.until((known) => known.size === 0)
      await follower.stop()
    })

    test('a put from there keeps the session of a held key', async () => {
      const key = `${clients.prefix()}k`
      const { id } = await clients.a.grant(TTL)
      await clients.a.commit([], [putHeld(key, 'busy', id)])
      await consul(clients.harness.service, 'kv', 'put', key, 'ready')
      expect(await clients.a.get(key)).toMatchObject({ lease: id })
      await clients.a.revoke(id)
    })

    test('the folders of its page are no entries', async () => {
      const prefix = clients.prefix()
      await consul(clients.harness.service, 'kv', 'put', prefix)
      await consul(clients.harness.service, 'kv', 'put', `${prefix}sub/`)
      await clients.a.commit([], [put(`${prefix}k`, 'x')])
      expect((await clients.a.list(prefix)).entries.map(({ key }) => key)).toEqual([`${prefix}k`])
    })
  })

  describe('closing', () => {
    const clients = pair(start)

    test('ends watches and calls, and later ones find it closed', async () => {
      const key = `${clients.prefix()}k`
      const client = await clients.harness.connect()
      const follower = new Follower(client, key)
      await follower.until((_, events) => events.length > 0)
      await client.close()
      await client.close()
      expect(await follower.ended).toBeInstanceOf(LostError)
      await expect(client.get(key)).rejects.toMatchObject({ kind: 'unavailable', retryable: false })
      await expect(client.commit([], [put(key, 'x')])).rejects.toThrow(UnavailableError)
      const late = new Follower(client, key)
      expect(await late.ended).toBeInstanceOf(UnavailableError)
    })

    test('leaves nothing that keeps the process alive', async () => {
      const module = new URL('../../../src/backends/consul/index.ts', import.meta.url).href
      const script = `
        const { open } = await import(${JSON.stringify(module)})
        const client = await open(${JSON.stringify(clients.harness.url)}, { env: {} })
        for await (const event of client.watch('a/b', new AbortController().signal)) break
        const watch = client.watch('a/', new AbortController().signal)
        await watch.next()
        const pending = watch.next().catch(() => {})
        await client.close()
        await pending
        console.log('closed')`
      const node = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
      expect((await node).stdout).toBe('closed\n')
    })
  })

  test('doctor is told the version, and that there is a leader', async () => {
    const service = await startConsul()
    const client = await open(service.url, { env: {} })
    const { version, warnings } = await client.diagnose()
    expect(version).toMatch(/^Consul \d+\.\d+\.\d+/)
    expect(warnings).toEqual([])
    await client.close()
    await service.stop()
  })
})
