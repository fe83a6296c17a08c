import { describe, expect, test } from 'vitest'
import type { Backend } from '../../src/backends/backend.ts'
import { put, remove } from '../../src/backends/operations.ts'
import {
  ConflictError,
  IndeterminateError,
  LostError,
  TimeoutError,
  UnavailableError,
  UsageError,
} from '../../src/base/errors.ts'
import { barrier } from '../../src/recipes/barrier/barrier.ts'
import type { BarrierOptions } from '../../src/recipes/barrier/options.ts'
import { clear } from '../../src/recipes/clear.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { until } from '../../src/recipes/core/until.ts'
import type { Running } from '../commands/rdv.ts'
import { cutAtRandom, onEveryStore, throughProxies } from './counting-stores.ts'
import { distorted, memory } from './namespace.ts'

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const sorted = (numbers: readonly number[]): number[] => [...numbers].sort((a, b) => a - b)

/** A party in this process, with a promise that resolves once the party waits. */
const party = (namespace: Namespace, parties: number, options: BarrierOptions = {}) => {
  const waiting = Promise.withResolvers<string>()
  const progress: BarrierOptions['progress'] = ([state]) => waiting.resolve(state?.reason ?? '')
  const met = barrier(namespace, 'b', parties, { ...options, progress })
  met.catch(() => {})
  return { met, waits: waiting.promise }
}

const untilGone = async (backend: Backend, key: string): Promise<void> => {
  const over = new AbortController()
  await until(backend, key, (entries) => !entries.has(key), over.signal)
  over.abort()
}

const heads = async ({ backend }: Namespace) => {
  const entry = await backend.get('rdv/barrier/b')
  return JSON.parse(String(entry && Buffer.from(entry.value)))
}

describe('a barrier', () => {
  onEveryStore((meeting) => {
    const arrive = (name: string, parties: number, ...words: string[]): Running =>
      meeting.place.start('barrier', name, '--parties', String(parties), ...words)
    const waits = (running: Running) => running.says(/waiting for/)

    test('lets three processes go on together, with the indices 0 to 2', async () => {
      const first = arrive('three', 3)
      await waits(first)
      const ended = await Promise.all(
        [first, arrive('three', 3), arrive('three', 3)].map((p) => p.ended),
      )
      expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
      expect(ended[0]?.stdout).toBe('0\n')
      expect(sorted(ended.map(({ stdout }) => Number(stdout)))).toEqual([0, 1, 2])
    })

    test('becomes the command, which is told the index', async () => {
      const script = ['--', 'sh', '-c', 'echo "$RDV_BARRIER_INDEX" $$']
      const both = [arrive('become', 2, ...script), arrive('become', 2, ...script)]
      const ended = await Promise.all(both.map((p) => p.ended))
      const words = ended.map(({ stdout }) => stdout.trim().split(' ').map(Number))
      expect(words.map(([, pid]) => pid)).toEqual(both.map(({ pid }) => pid))
      expect(sorted(words.map(([index]) => index ?? -1))).toEqual([0, 1])
    })

    test('is used again by five parties for 20 generations', async () => {
      const namespace = await meeting.namespace()
      const run = async () => {
        const indices: number[] = []
        for (let i = 0; i < 20; i++) indices.push(await barrier(namespace, 'again', 5))
        return indices
      }
      const runs = await Promise.all(upTo(5).map(run))
      for (const generation of upTo(20)) {
        expect(sorted(runs.map((indices) => indices[generation] ?? -1))).toEqual(upTo(5))
      }
    })

    test('does not count a party that was killed while it waited', async () => {
      const { backend } = await meeting.namespace()
      const victim = arrive('killed', 3, '--ttl', '5s')
      await waits(victim)
      const [arrival] = (await backend.list('rdv/barrier/killed/')).entries
      const first = arrive('killed', 3)
      await waits(first)
      victim.kill('SIGKILL')
      await untilGone(backend, arrival?.key ?? '')
      const second = arrive('killed', 3)
      await second.says(/waiting for killed \(has 2 of 3 parties\)/)
      const ended = await Promise.all([first, second, arrive('killed', 3)].map((p) => p.ended))
      expect(ended.map(({ stdout }) => stdout)).toEqual(['0\n', '1\n', '2\n'])
    })

    test('is arrived at again by a party that was stopped past its TTL', async () => {
      const { backend } = await meeting.namespace()
      const stopped = arrive('stopped', 2, '--ttl', '5s')
      await waits(stopped)
      const [arrival] = (await backend.list('rdv/barrier/stopped/')).entries
      stopped.kill('SIGSTOP')
      await untilGone(backend, arrival?.key ?? '')
      const others = [arrive('stopped', 2), arrive('stopped', 2)]
      const ended = await Promise.all(others.map((p) => p.ended))
      expect(sorted(ended.map(({ stdout }) => Number(stdout)))).toEqual([0, 1])
      stopped.kill('SIGCONT')
      const last = await arrive('stopped', 2).ended
      expect(sorted([last, await stopped.ended].map(({ stdout }) => Number(stdout)))).toEqual([
        0, 1,
      ])
    })

    test('is left by a party that is told to end, or whose time is up', async () => {
      const { backend } = await meeting.namespace()
      const told = arrive('left', 2)
      await waits(told)
      told.kill('SIGTERM')
      expect(await told.ended).toMatchObject({ code: 143, stdout: '' })
      const timed = await arrive('left', 2, '--timeout', '5s').ended
      expect(timed).toMatchObject({ code: 124, stdout: '' })
      expect(timed.stderr).toContain('left has 1 of 2 parties')
      expect((await backend.list('rdv/barrier/left/')).entries).toEqual([])
    })

    test('with another number of parties is a conflict, and the others meet', async () => {
      const first = arrive('differ', 2)
      await waits(first)
      const other = await arrive('differ', 3).ended
      expect(other).toMatchObject({ code: 123, stdout: '' })
      expect(other.stderr).toContain('has 2 parties, not 3')
      expect(await arrive('differ', 2).ended).toMatchObject({ code: 0, stdout: '1\n' })
      expect(await first.ended).toMatchObject({ code: 0, stdout: '0\n' })
    })

    test('leaves nothing but itself', async () => {
      const { backend } = await meeting.namespace()
      await Promise.all([arrive('tidy', 2).ended, arrive('tidy', 2).ended])
      expect((await backend.list('rdv/barrier/tidy/')).entries).toEqual([])
    })
  })
})

describe('a barrier whose party is cut off', () => {
  throughProxies((network) => {
    test('lets it go on when it is back, though others have met there twice since', async () => {
      const [far, near] = await Promise.all([network.connectThroughProxy(), network.connect()])
      const first = party(far, 2)
      await first.waits
      network.proxy.refuse()
      expect(await barrier(near, 'b', 2)).toBe(1)
      for (const _ of upTo(2)) {
        const pair = [barrier(near, 'b', 2), barrier(near, 'b', 2)]
        expect(sorted(await Promise.all(pair))).toEqual([0, 1])
      }
      await network.proxy.accept()
      expect(await first.met).toBe(0)
      await Promise.all([far.backend.close(), near.backend.close()])
    })

    test('counts each once while the connections are cut at random', async () => {
      const namespaces = await Promise.all(upTo(4).map(() => network.connectThroughProxy()))
      const over = new AbortController()
      const cutting = cutAtRandom(network.proxy, over.signal)
      for (const _ of upTo(20)) {
        const met = await Promise.all(namespaces.map((namespace) => barrier(namespace, 'cut', 4)))
        expect(sorted(met)).toEqual(upTo(4))
      }
      over.abort()
      await cutting
      await Promise.all(namespaces.map((namespace) => namespace.backend.close()))
    })
  })
})

describe('a party', () => {
  test('that slept until its session and two more generations were over is lost', async () => {
    const namespace = await memory()
    const wake = Promise.withResolvers<void>()
    const sleeping = distorted(namespace, {
      async *watch(scope, signal) {
        await wake.promise
        yield* namespace.backend.watch(scope, signal)
      },
      renew: () => wake.promise.then(() => 0),
    })
    const first = party(sleeping, 2)
    await first.waits
    const [arrival] = (await namespace.backend.list('rdv/barrier/b/')).entries
    await namespace.backend.revoke(arrival?.lease ?? '')
    for (const _ of upTo(2)) {
      await Promise.all([barrier(namespace, 'b', 2), barrier(namespace, 'b', 2)])
    }
    wake.resolve()
    await expect(first.met).rejects.toThrow(LostError)
    expect((await namespace.backend.list('rdv/session/')).entries).toEqual([])
  })

  test('alone goes on at once, each time', async () => {
    const namespace = await memory()
    expect([await barrier(namespace, 'b', 1), await barrier(namespace, 'b', 1)]).toEqual([0, 0])
    expect((await namespace.backend.list('rdv/session/')).entries).toEqual([])
  })

  test.each([0, -1, 1.5, Number.NaN])('of %d is refused', async (parties) => {
    const namespace = await memory()
    expect(() => barrier(namespace, 'b', parties)).toThrow(UsageError)
  })

  test('more than the number waits for the next generation', async () => {
    const namespace = await memory()
    const all = upTo(7).map(() => barrier(namespace, 'b', 3, { timeout: 2_000 }))
    const ended = await Promise.allSettled(all)
    const indices = ended.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
    expect(sorted(indices)).toEqual([0, 0, 1, 1, 2, 2])
    const [left] = ended.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []))
    expect(left).toBeInstanceOf(TimeoutError)
    expect(left.pending).toEqual([{ target: 'b', reason: 'has 1 of 3 parties' }])
    expect(await heads(namespace)).toMatchObject({ generation: 2 })
  })

  test('whose session was revoked arrives again, and is counted once', async () => {
    const namespace = await memory()
    const first = party(namespace, 2, { ttl: 500 })
    await first.waits
    const [arrival] = (await namespace.backend.list('rdv/barrier/b/')).entries
    await namespace.backend.revoke(arrival?.lease ?? '')
    await untilArrived(namespace, (key) => key !== arrival?.key)
    const second = party(namespace, 2)
    expect(sorted(await Promise.all([first.met, second.met]))).toEqual([0, 1])
  })

  test('whose arrival was deleted arrives again', async () => {
    const namespace = await memory()
    const first = party(namespace, 2)
    await first.waits
    const [arrival] = (await namespace.backend.list('rdv/barrier/b/')).entries
    await namespace.backend.commit([], [remove(arrival?.key ?? '')])
    await untilArrived(namespace, () => true)
    const second = party(namespace, 2)
    expect(await Promise.all([first.met, second.met])).toEqual([0, 1])
  })

  /** Resolves once a party with such a key has arrived. */
  const untilArrived = ({ backend }: Namespace, which: (key: string) => boolean): Promise<void> => {
    const stands = (entries: ReadonlyMap<string, unknown>) => [...entries.keys()].some(which)
    return until(backend, 'rdv/barrier/b/', stands, new AbortController().signal)
  }

  test('at a barrier that is cleared is lost', async () => {
    const namespace = await memory()
    const first = party(namespace, 2)
    await first.waits
    await clear(namespace, ['b'], { all: true })
    await expect(first.met).rejects.toThrow(LostError)
  })

  test('at something that is no barrier is in conflict', async () => {
    const namespace = await memory()
    await namespace.backend.commit([], [put('rdv/barrier/b', 'text')])
    await expect(barrier(namespace, 'b', 1)).rejects.toThrow(ConflictError)
  })

  test('that slept through its release and the next ones learns its index', async () => {
    const namespace = await memory()
    const state = { deaf: true }
    const wake = Promise.withResolvers<void>()
    const sleeping = distorted(namespace, {
      async *watch(scope, signal) {
        if (state.deaf) await wake.promise
        yield* namespace.backend.watch(scope, signal)
      },
    })
    const first = party(sleeping, 2)
    await first.waits
    expect(await barrier(namespace, 'b', 2)).toBe(1)
    for (const _ of upTo(3)) {
      const pair = [barrier(namespace, 'b', 2), barrier(namespace, 'b', 2)]
      expect(sorted(await Promise.all(pair))).toEqual([0, 1])
    }
    state.deaf = false
    wake.resolve()
    expect(await first.met).toBe(0)
  })

  test('that was released just before its time was up goes on', async () => {
    const namespace = await memory()
    const stop = new AbortController()
    const deaf = distorted(namespace, {
      async *watch(_, signal) {
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
        )
      },
    })
    const first = party(deaf, 2, { signal: stop.signal })
    await first.waits
    expect(await barrier(namespace, 'b', 2)).toBe(1)
    stop.abort(new TimeoutError('the time is up'))
    expect(await first.met).toBe(0)
  })

  test('that cannot withdraw says so', async () => {
    const namespace = await memory()
    const state = { cut: false }
    const shaky = distorted(namespace, {
      get: (...args) =>
        state.cut ? Promise.reject(new UnavailableError('cut')) : namespace.backend.get(...args),
    })
    const stop = new AbortController()
    const first = party(shaky, 2, { signal: stop.signal })
    await first.waits
    state.cut = true
    stop.abort(new TimeoutError('the time is up'))
    await expect(first.met).rejects.toThrow(IndeterminateError)
  })

  test.each(['applied', 'dropped'])(
    'whose every second answer is lost is counted once: %s',
    async (fate) => {
      const namespace = await memory()
      const lossy = () => {
        let calls = 0
        return distorted(namespace, {
          async commit(...args) {
            if (++calls % 2 === 0) return namespace.backend.commit(...args)
            if (fate === 'applied') await namespace.backend.commit(...args)
            throw new IndeterminateError('no answer came')
          },
        })
      }
      for (const generation of upTo(5)) {
        const met = await Promise.all(upTo(4).map(() => barrier(lossy(), 'b', 4)))
        expect(sorted(met)).toEqual(upTo(4))
        expect(await heads(namespace)).toMatchObject({ generation: generation + 1 })
      }
    },
  )

  test('of a barrier below another one does not disturb that one', async () => {
    const namespace = await memory()
    const outer = party(namespace, 2)
    await outer.waits
    expect(await barrier(namespace, 'b/0', 1)).toBe(0)
    expect(await barrier(namespace, 'b', 2)).toBe(1)
    expect(await outer.met).toBe(0)
  })
})
