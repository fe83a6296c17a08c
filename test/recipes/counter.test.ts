import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { put } from '../../src/backends/operations.ts'
import {
  ConflictError,
  IndeterminateError,
  NoError,
  TimeoutError,
  UsageError,
} from '../../src/base/errors.ts'
import { clear } from '../../src/recipes/clear.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { Counter } from '../../src/recipes/counter.ts'
import { cutAtRandom, onEveryStore, throughProxies } from './counting-stores.ts'
import { distorted, memory } from './namespace.ts'

const fixture = fileURLToPath(new URL('./fixtures/count.ts', import.meta.url))

const MOST = 2n ** 63n - 1n
const LEAST = -(2n ** 63n)

describe('a counter', () => {
  onEveryStore((meeting) => {
    test('is 0 where it is not there, and prints each new value', async () => {
      const { place } = meeting
      const steps = [
        [['get', 'steps'], '0'],
        [['inc', 'steps'], '1'],
        [['inc', 'steps', '--by', '41'], '42'],
        [['dec', 'steps'], '41'],
        [['inc', 'steps', '--by', '-50'], '-9'],
        [['dec', 'steps', '--by', '-9'], '0'],
        [['set', 'steps', '-5'], '-5'],
        [['set', 'steps', '7', '--if-equals', '-5'], '7'],
        [['get', 'steps'], '7'],
        [['set', 'steps', String(MOST)], String(MOST)],
        [['set', 'steps', String(LEAST)], String(LEAST)],
        [['wait', 'steps', '--at-most', '-9'], String(LEAST)],
      ] as const
      for (const [words, value] of steps) {
        const { code, stdout, stderr } = await place.rdv('counter', ...words)
        expect({ words, code, stdout, stderr }).toEqual({
          words,
          code: 0,
          stdout: `${value}\n`,
          stderr: '',
        })
      }
    })

    test('incremented 100 times by each of three processes is 300', async () => {
      const { place } = meeting
      const count = () => place.sh('node "$1" three 100', fixture)
      const ended = await Promise.all([count(), count(), count()])
      for (const { code, stderr } of ended)
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect((await place.rdv('counter', 'get', 'three')).stdout).toBe('300\n')
    })

    test('incremented by three shell loops is exact', async () => {
      const { place } = meeting
      const loop = 'for i in 1 2 3; do rdv counter inc loops >/dev/null || exit; done'
      const ended = await Promise.all([place.sh(loop), place.sh(loop), place.sh(loop)])
      for (const { code, stderr } of ended)
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect((await place.rdv('counter', 'get', 'loops')).stdout).toBe('9\n')
    })

    test('counts an idempotency key once, and tells each time what it gave', async () => {
      const { place } = meeting
      const step = ['counter', 'inc', 'steps/once', '--idempotency-key', 'job=7/1 ✓'] as const
      const ended = await Promise.all([place.rdv(...step), place.rdv(...step), place.rdv(...step)])
      await place.rdv('counter', 'set', 'steps/once', '100')
      ended.push(await place.rdv(...step))
      expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual(Array(4).fill([0, '1\n']))
      await place.rdv('clear', 'steps/once', '--all')
      expect((await place.rdv(...step)).stdout).toBe('1\n')
    })

    test('beyond 64 bits is a No, and stays', async () => {
      const { place } = meeting
      await place.rdv('counter', 'set', 'full', String(MOST))
      expect(await place.rdv('counter', 'inc', 'full')).toMatchObject({ code: 1, stdout: '' })
      expect((await place.rdv('counter', 'get', 'full')).stdout).toBe(`${MOST}\n`)
      await place.rdv('counter', 'set', 'full', String(LEAST))
      expect(await place.rdv('counter', 'dec', 'full')).toMatchObject({ code: 1, stdout: '' })
      expect(await place.rdv('counter', 'set', 'full', '1', '--if-equals', '0')).toMatchObject({
        code: 1,
        stdout: '',
        stderr: `rdv: full is ${LEAST}\n`,
      })
      expect((await place.rdv('counter', 'get', 'full')).stdout).toBe(`${LEAST}\n`)
    })

    test('that holds text is a conflict, and stays', async () => {
      const { place } = meeting
      const { backend } = await meeting.namespace()
      await backend.commit([], [put('rdv/counter/text', 'forty-two')])
      for (const words of [
        ['get', 'text'],
        ['inc', 'text'],
        ['set', 'text', '1'],
        ['wait', 'text', '--equals', '1'],
      ]) {
        const { code, stderr } = await place.rdv('counter', ...words)
        expect({ words, code }).toEqual({ words, code: 123 })
        expect(stderr).toContain('"forty-two"')
      }
      const entry = await backend.get('rdv/counter/text')
      expect(String(entry && Buffer.from(entry.value))).toBe('forty-two')
    })

    test('is plain text in the store, which other tools may set', async () => {
      const { place } = meeting
      const { backend } = await meeting.namespace()
      await place.rdv('counter', 'inc', 'plain')
      await backend.commit([], [put('rdv/counter/plain', '41\n')])
      expect((await place.rdv('counter', 'inc', 'plain')).stdout).toBe('42\n')
      const entry = await backend.get('rdv/counter/plain')
      expect(String(entry && Buffer.from(entry.value))).toBe('42')
    })

    test('is waited for, and the wait becomes its command', async () => {
      const { place } = meeting
      const waiting = place.start('counter', 'wait', 'w', '--at-least', '2', '--', 'echo', 'there')
      await waiting.says(/waiting for w \(is 0\)/)
      await place.rdv('counter', 'inc', 'w')
      await place.rdv('counter', 'inc', 'w')
      expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'there\n' })
      const late = await place.rdv('counter', 'wait', 'w', '--equals', '3', '--timeout', '5s')
      expect(late).toMatchObject({ code: 124, stdout: '' })
      expect(late.stderr).toContain('timed out after 5 s: w is 2')
    })

    test('as JSON is a string, for numbers of 64 bits', async () => {
      const { stdout } = await meeting.place.rdv('counter', 'set', 'j', String(MOST), '--json')
      expect(JSON.parse(stdout)).toEqual({ ok: true, name: 'j', value: String(MOST) })
    })
  })
})

describe('the value is what was acknowledged, plus at most what is not known', () => {
  throughProxies((network) => {
    test('8 × 40 increments while the connection is cut at random', async () => {
      const counters = await Promise.all(
        Array.from({ length: 8 }, async () => {
          const namespace = await network.connectThroughProxy()
          return { space: namespace, counter: new Counter(namespace, 'cut') }
        }),
      )
      const counts = { acknowledged: 0, unknown: 0 }
      const over = new AbortController()
      const cutting = cutAtRandom(network.proxy, over.signal)
      await Promise.all(counters.map(({ counter }) => addAll(counter, 40, counts)))
      over.abort()
      await cutting
      const value = Number(await counters[0]?.counter.get({ timeout: 30_000 }))
      expect(value).toBeGreaterThanOrEqual(counts.acknowledged)
      expect(value).toBeLessThanOrEqual(counts.acknowledged + counts.unknown)
      expect(counts.acknowledged + counts.unknown).toBe(8 * 40)
      await Promise.all(counters.map(({ space: namespace }) => namespace.backend.close()))
    })
  })
})

const addAll = async (
  counter: Counter,
  times: number,
  counts: { acknowledged: number; unknown: number },
): Promise<void> => {
  for (let i = 0; i < times; i++) {
    try {
      await counter.add(1n, { timeout: 60_000 })
      counts.acknowledged++
    } catch (error) {
      if (!(error instanceof IndeterminateError)) throw error
      counts.unknown++
    }
  }
}

describe('a change whose answer is lost', () => {
  type Fate = 'applied' | 'dropped'

  /** The first commits have these outcomes, and none of them is answered. */
  const losing = (namespace: Namespace, ...fates: Fate[]): Namespace =>
    distorted(namespace, {
      async commit(...args) {
        const fate = fates.shift()
        if (fate === undefined) return namespace.backend.commit(...args)
        if (fate === 'applied') await namespace.backend.commit(...args)
        throw new IndeterminateError('no answer came')
      },
    })

  test.each<Fate[][]>([
    [['applied']],
    [['dropped']],
    [['applied', 'applied']],
    [['dropped', 'applied']],
    [['dropped', 'dropped', 'applied']],
  ])('is made once: %j', async (fates) => {
    const namespace = await memory()
    await new Counter(namespace, 'n').add(10n)
    expect(await new Counter(losing(namespace, ...fates), 'n').add(5n)).toBe(15n)
    expect(await new Counter(namespace, 'n').get()).toBe(15n)
  })

  /** Runs `others` between the lost answer and the next attempt. */
  const meanwhile = (
    namespace: Namespace,
    fate: Fate,
    others: () => Promise<unknown>,
  ): Namespace => {
    const state = { first: true }
    return distorted(namespace, {
      async commit(...args) {
        if (!state.first) return namespace.backend.commit(...args)
        state.first = false
        if (fate === 'applied') await namespace.backend.commit(...args)
        await others()
        throw new IndeterminateError('no answer came')
      },
    })
  }

  const addTimes = async (namespace: Namespace, times: number) => {
    const counter = new Counter(namespace, 'n')
    for (let i = 0; i < times; i++) await counter.add()
  }

  test.each<[Fate, number]>([
    ['applied', 1],
    ['dropped', 1],
    ['applied', 255],
    ['dropped', 256],
  ])('and was %s is told from %i changes of others', async (fate, times) => {
    const namespace = await memory()
    await addTimes(namespace, 1)
    const shaky = meanwhile(namespace, fate, () => addTimes(namespace, times))
    const given = await new Counter(shaky, 'n').add(1_000n)
    expect(given).toBe(fate === 'applied' ? 1_001n : BigInt(1_001 + times))
    expect(await new Counter(namespace, 'n').get()).toBe(BigInt(1_001 + times))
  })

  test.each<[Fate, number]>([
    ['applied', 256],
    ['dropped', 257],
  ])('and was %s cannot be told after %i changes of others', async (fate, times) => {
    const namespace = await memory()
    await addTimes(namespace, 1)
    const shaky = meanwhile(namespace, fate, () => addTimes(namespace, times))
    await expect(new Counter(shaky, 'n').add(1_000n)).rejects.toThrow(IndeterminateError)
    const counted = fate === 'applied' ? 1_001 : 1
    expect(await new Counter(namespace, 'n').get()).toBe(BigInt(counted + times))
  })

  test.each<Fate>(['applied', 'dropped'])(
    'and was %s cannot be told once the counter was cleared',
    async (fate) => {
      const namespace = await memory()
      await addTimes(namespace, 1)
      const shaky = meanwhile(namespace, fate, async () => {
        await clear(namespace, ['n'], { all: true })
        await addTimes(namespace, 2)
      })
      await expect(new Counter(shaky, 'n').add(1_000n)).rejects.toThrow(IndeterminateError)
      expect(await new Counter(namespace, 'n').get()).toBe(2n)
    },
  )

  test.each<Fate>(['applied', 'dropped'])(
    'and was %s is told by its idempotency key after any number of changes',
    async (fate) => {
      const namespace = await memory()
      await addTimes(namespace, 1)
      const shaky = meanwhile(namespace, fate, () => addTimes(namespace, 300))
      const given = await new Counter(shaky, 'n').add(1_000n, { idempotencyKey: 'k' })
      expect(given).toBe(fate === 'applied' ? 1_001n : 1_301n)
      expect(await new Counter(namespace, 'n').get()).toBe(1_301n)
    },
  )

  test('is not known when the time is up before the store answers again', async () => {
    const namespace = await memory()
    const silent = losing(namespace, ...Array<Fate>(1_000).fill('dropped'))
    const change = new Counter(silent, 'n').add(1n, { timeout: 1_000 })
    await expect(change).rejects.toThrow(IndeterminateError)
  })

  test('and that was set stays set once', async () => {
    const namespace = await memory()
    const counter = new Counter(losing(namespace, 'applied'), 'n')
    expect(await counter.set(5n, { ifEquals: 0n })).toBe(5n)
  })
})

describe('in one process', () => {
  test('many at once are all counted', async () => {
    const namespace = await memory()
    const counter = new Counter(namespace, 'n')
    const values = await Promise.all(Array.from({ length: 50 }, () => counter.add()))
    expect(values.sort((a, b) => Number(a - b))).toEqual(
      Array.from({ length: 50 }, (_, i) => BigInt(i + 1)),
    )
  })

  test('a no is said only of what is there now', async () => {
    const namespace = await memory()
    const counter = new Counter(namespace, 'n')
    await counter.set(MOST)
    await new Counter(namespace, 'n').set(1n)
    expect(await counter.add()).toBe(2n)
    await new Counter(namespace, 'n').set(9n)
    expect(await counter.set(0n, { ifEquals: 9n })).toBe(0n)
    await expect(counter.set(1n, { ifEquals: 9n })).rejects.toThrow(NoError)
  })

  test.each(['', 'x'.repeat(257), '\ud800'])(
    'an idempotency key that is none is refused',
    async (idempotencyKey) => {
      const counter = new Counter(await memory(), 'n')
      await expect(counter.add(1n, { idempotencyKey })).rejects.toThrow(UsageError)
      expect(await counter.get()).toBe(0n)
    },
  )

  test('keys of one counter are not changes of another', async () => {
    const namespace = await memory()
    await new Counter(namespace, 'a').add(3n, { idempotencyKey: 'b' })
    expect(await new Counter(namespace, 'a/b').add()).toBe(1n)
    expect(await new Counter(namespace, 'a/id').add()).toBe(1n)
  })

  test('a log that is none is a conflict', async () => {
    const namespace = await memory()
    await namespace.backend.commit([], [put('rdv/counter-op/n', '[]')])
    await expect(new Counter(namespace, 'n').add()).rejects.toThrow(ConflictError)
    expect(await new Counter(namespace, 'n').get()).toBe(0n)
  })

  test('a wait times out with what it waited for', async () => {
    const waiting = new Counter(await memory(), 'n').wait({ atLeast: 1n }, { timeout: 500 })
    const error = await waiting.catch((reason) => reason)
    expect(error).toBeInstanceOf(TimeoutError)
    expect(error.pending).toEqual([{ target: 'n', reason: 'is 0' }])
  })
})
