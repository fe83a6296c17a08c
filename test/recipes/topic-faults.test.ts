import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Backend, CommitResult, Precondition, Write } from '../../src/backends/backend.ts'
import { aborted } from '../../src/base/abort.ts'
import { IndeterminateError, TimeoutError, UnavailableError } from '../../src/base/errors.ts'
import { open } from '../../src/open.ts'
import { clear } from '../../src/recipes/clear.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { publish } from '../../src/recipes/topic/publish.ts'
import { REMOTE_STORES } from '../commands/stores.ts'
import { failureOf } from '../failure-of.ts'
import { onTestFinished } from '../finished.ts'
import { behindProxy } from '../services/behind-proxy.ts'
import { besideEach } from '../side-by-side.ts'
import { distorted, memory } from './namespace.ts'
import { listen, numbered, take } from './topic-stores.ts'

type Commit = () => Promise<CommitResult>
type Fate = (commit: Commit) => Promise<CommitResult>

/** A store whose first commits with messages have these outcomes, one after the other. Later commits are normal. */
const faring = (namespace: Namespace, ...fates: Fate[]): Namespace => {
  const commit = (preconditions: readonly Precondition[], writes: readonly Write[]) => {
    const apply = () => namespace.backend.commit(preconditions, writes)
    return writes.length === 1 ? apply() : (fates.shift() ?? ((usual) => usual()))(apply)
  }
  return distorted(namespace, { commit } as Partial<Backend>)
}

const lost = (): Promise<never> => Promise.reject(new IndeterminateError('no answer'))

/** The commit was applied, and its answer was lost. */
const applied: Fate = async (commit) => {
  await commit()
  return lost()
}

/** The commit never arrived, and the caller cannot know this. */
const neverSent: Fate = lost

/** `first` happens before the commit, as if another process did it. */
const after =
  (first: () => Promise<unknown>, fate: Fate): Fate =>
  async (commit) => {
    await first()
    return fate(commit)
  }

/** `then` happens after the commit, as if another process did it, and the answer is lost. */
const before =
  (then: () => Promise<unknown>): Fate =>
  async (commit) => {
    await commit()
    await then()
    return lost()
  }

test('a topic whose making is not answered until the deadline holds nothing: that is no doubt', async () => {
  const commit: Backend['commit'] = async (_preconditions, _writes, { signal } = {}) => {
    if (signal) await aborted(signal).catch(() => {})
    throw new IndeterminateError('no answer')
  }
  const silent = distorted(await memory(), { commit })
  await expect(publish(silent, 't', ['m'], { timeout: 100 })).rejects.toThrow(UnavailableError)
})

describe('a batch whose answer is lost', () => {
  const all = (namespace: Namespace, count: number) =>
    take(namespace, 't', count, { from: 'start' })

  test.each([
    ['though it was stored', [applied]],
    ['and that never arrived', [neverSent]],
    ['several times', [neverSent, neverSent, applied]],
  ])('%s is stored once', async (_, fates) => {
    const namespace = await memory()
    await publish(faring(namespace, ...fates), 't', ['a', 'b'])
    const published = await publish(namespace, 't', ['c'])
    expect(published.first).toMatch(/^3-/)
    expect(await all(namespace, 3)).toEqual(['a', 'b', 'c'])
  })

  test('and after which others have published is found, where it was stored', async () => {
    const namespace = await memory()
    const others = () => publish(namespace, 't', ['others'])
    const published = await publish(faring(namespace, before(others)), 't', ['ours'])
    expect(published).toMatchObject({ count: 1, first: expect.stringMatching(/^1-/) })
    expect(await all(namespace, 2)).toEqual(['ours', 'others'])
  })

  test('and in the place of which others have published is stored behind theirs', async () => {
    const namespace = await memory()
    const others = () => publish(namespace, 't', ['others'])
    const published = await publish(faring(namespace, after(others, lost)), 't', ['ours'])
    expect(published).toMatchObject({ count: 1, first: expect.stringMatching(/^2-/) })
    expect(await all(namespace, 2)).toEqual(['others', 'ours'])
  })

  test('and arrives late, after it was sent again, is stored once', async () => {
    const namespace = await memory()
    let late: Commit | undefined
    const delayed: Fate = (commit) => {
      late = commit
      return lost()
    }
    await publish(faring(namespace, delayed), 't', ['a'])
    expect(await late?.()).toMatchObject({ outcome: 'refused' })
    expect((await publish(namespace, 't', ['b'])).first).toMatch(/^2-/)
    expect(await all(namespace, 2)).toEqual(['a', 'b'])
  })

  test('and which was trimmed before it was looked up may have been stored: that is said', async () => {
    const namespace = await memory()
    const others = async () => {
      for (const message of numbered(3)) await publish(namespace, 't', [message], { retain: 1 })
    }
    await expect(publish(faring(namespace, before(others)), 't', ['a'])).rejects.toThrow(
      IndeterminateError,
    )
  })

  test('and whose topic was cleared since may have been stored: that is said', async () => {
    const namespace = await memory()
    const others = () => clear(namespace, ['t'], { all: true })
    await expect(publish(faring(namespace, before(others)), 't', ['a'])).rejects.toThrow(
      IndeterminateError,
    )
  })

  test('and whose store stays away until the deadline may have been stored: that is said', async () => {
    const namespace = await memory()
    const away: Fate = () => Promise.reject(new UnavailableError('nothing listens'))
    const faulty = faring(namespace, applied, ...Array<Fate>(100).fill(away))
    const get = () => Promise.reject(new UnavailableError('nothing listens'))
    let answered = 0
    const blind = distorted(faulty, {
      get: (key: string) => (answered++ === 0 ? namespace.backend.get(key) : get()),
    } as Partial<Backend>)
    await expect(publish(blind, 't', ['a'], { timeout: 1_000 })).rejects.toThrow(IndeterminateError)
  })

  test('a store that is out of reach until the deadline has nothing of it', async () => {
    const namespace = await memory()
    const away: Fate = () => Promise.reject(new UnavailableError('nothing listens'))
    const faulty = faring(namespace, (commit) => commit(), ...Array<Fate>(100).fill(away))
    let stored = 0
    async function* slowly() {
      yield 'a'
      while (stored === 0) await turn()
      yield 'b'
    }
    const onStored = (count: number) => {
      stored = count
    }
    const attempt = publish(faulty, 't', slowly(), { timeout: 1_000, onStored })
    await expect(attempt).rejects.toThrow(UnavailableError)
    expect(stored).toBe(1)
    expect((await publish(namespace, 't', ['c'])).first).toMatch(/^2-/)
  })
})

besideEach(REMOTE_STORES, 'a topic on $scheme whose connections fail', ({ scheme, start }) => {
  const behind = behindProxy(start)

  const opened = async (url: string): Promise<Namespace> => {
    const namespace = await open(url, { callLimit: 5_000 })
    onTestFinished(() => namespace.backend.close())
    return namespace
  }

  test('eight publishers: every acknowledged message once, those that are not known at most once', async () => {
    const direct = await opened(behind.store.url)
    const acknowledged: string[] = []
    const unknown: string[] = []
    const disturb = () => {
      if (acknowledged.length % 10 === 5) behind.proxy.cut()
      if (acknowledged.length % 10 === 0)
        void behind.proxy.dropReplies().then(() => behind.proxy.cut())
    }
    const publisher = async (name: string) => {
      const namespace = await opened(behind.proxy.url(scheme))
      for (const message of numbered(25, name)) {
        try {
          await publish(namespace, 'cut', [message], { timeout: 30_000 })
          acknowledged.push(message)
          disturb()
        } catch (error) {
          if (error instanceof IndeterminateError) unknown.push(message)
          else if (!isDefinite(error)) throw error
        }
      }
    }
    await Promise.all(numbered(8, 'p').map((name) => publisher(`${name}-`)))
    behind.proxy.cut()
    await publish(direct, 'cut', ['end'])
    const got = await until(direct, 'cut', 'end')
    expect(new Set(got).size).toBe(got.length)
    expect(acknowledged.filter((message) => !got.includes(message))).toEqual([])
    expect(
      got.filter((message) => !acknowledged.includes(message) && !unknown.includes(message)),
    ).toEqual([])
    expect(acknowledged.length).toBeGreaterThan(100)
  })

  test('a subscriber gets everything over many cuts', async () => {
    const direct = await opened(behind.store.url)
    const remote = await opened(behind.proxy.url(scheme))
    const { got } = await listen(remote, 'shaky', 400, { as: 'x' })
    for (const [index, message] of numbered(400).entries()) {
      await publish(direct, 'shaky', [message])
      if (index % 40 === 20) behind.proxy.cut()
      if (index % 80 === 40) behind.proxy.refuse()
      if (index % 80 === 60) await behind.proxy.accept()
    }
    expect(await got).toEqual(numbered(400))
  })

  test('an emptied store is a gap', async () => {
    const namespace = await opened(behind.store.url)
    await publish(namespace, 'emptied', ['one', 'two'])
    const { got } = await listen(namespace, 'emptied', 1)
    const ended = failureOf(got)
    await behind.store.restart({ empty: true })
    expect(await ended).toMatchObject({ kind: 'lost' })
  })
})

/** Whether it is certain that nothing was stored. */
const isDefinite = (error: unknown): boolean =>
  error instanceof UnavailableError || error instanceof TimeoutError

/** All messages of a topic before its last one, which must be `last`. */
const until = async (namespace: Namespace, topic: string, last: string): Promise<string[]> => {
  const { entries } = await namespace.backend.list(`rdv/topic/${topic}/head`)
  const { next } = JSON.parse(Buffer.from(entries[0]?.value ?? '').toString())
  const got = await take(namespace, topic, next - 1, { from: 'start' })
  expect(got.at(-1)).toBe(last)
  return got.slice(0, -1)
}
