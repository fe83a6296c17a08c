import { describe, expect, test } from 'vitest'
import type { Backend, CommitResult, Precondition, Write } from '../../src/backends/backend.ts'
import { put } from '../../src/backends/operations.ts'
import { IndeterminateError, NoError, UnavailableError, UsageError } from '../../src/base/errors.ts'
import { clear } from '../../src/recipes/clear.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { getState } from '../../src/recipes/get.ts'
import { Hold } from '../../src/recipes/hold.ts'
import { signal } from '../../src/recipes/signal.ts'
import { distorted, memory } from './namespace.ts'

const KEY = 'rdv/signal/k'

type Commit = (
  preconditions: readonly Precondition[],
  writes: readonly Write[],
) => Promise<CommitResult>

/** A store whose first commits have these outcomes, one after the other. Later commits are normal. */
const faring = (
  namespace: Namespace,
  ...fates: ((commit: () => Promise<CommitResult>) => Promise<CommitResult>)[]
) => {
  const commits: { count: number } & Partial<Backend> = {
    count: 0,
    commit(this: Backend, ...[preconditions, writes]: Parameters<Commit>) {
      const fate = fates[commits.count++] ?? ((commit) => commit())
      return fate(() => namespace.backend.commit(preconditions, writes))
    },
  }
  return Object.assign(distorted(namespace, commits), { commits })
}

const lost = (): Promise<never> => Promise.reject(new IndeterminateError('no answer'))

/** The commit was applied, and its answer was lost. */
const applied = async (commit: () => Promise<unknown>): Promise<never> => {
  await commit()
  return lost()
}

/** The commit never arrived, and the caller cannot know this. */
const neverSent = lost

const refusedToSend = (): Promise<never> => Promise.reject(new UnavailableError('nothing listens'))

/** How many times the key was written. */
const revisions = async (namespace: Namespace): Promise<number> => {
  const entry = await namespace.backend.get(KEY)
  return entry ? entry.modRevision - entry.createRevision + 1 : 0
}

describe('a signal whose answer is lost', () => {
  test('though it was applied is not applied again', async () => {
    const namespace = await memory()
    const faulty = faring(namespace, applied)
    await signal(faulty, 'k', 'up')
    expect(await getState(namespace, 'k')).toBe('up')
    expect(await revisions(namespace)).toBe(1)
  })

  test('and that never arrived is made once', async () => {
    const namespace = await memory()
    const faulty = faring(namespace, neverSent, neverSent)
    await signal(faulty, 'k', 'up')
    expect(faulty.commits.count).toBe(3)
    expect(await revisions(namespace)).toBe(1)
  })

  test('and that arrives late, after it was sent again, counts once', async () => {
    const namespace = await memory()
    await signal(namespace, 'k', 'before')
    let late: (() => Promise<CommitResult>) | undefined
    const faulty = faring(
      namespace,
      (commit) => {
        late = commit
        return lost()
      },
      async (commit) => {
        // the first commit overtakes the second
        expect((await late?.())?.outcome).toBe('ok')
        await signal(namespace, 'k', 'after')
        return commit()
      },
    )
    await expect(signal(faulty, 'k', 'mine')).rejects.toThrow(IndeterminateError)
    expect(await getState(namespace, 'k')).toBe('after')
  })

  test('and that somebody else overwrote since is Indeterminate, and not made again', async () => {
    const namespace = await memory()
    const faulty = faring(namespace, async (commit) => {
      await commit()
      await signal(namespace, 'k', 'theirs')
      return lost()
    })
    await expect(signal(faulty, 'k', 'mine')).rejects.toThrow(IndeterminateError)
    expect(await getState(namespace, 'k')).toBe('theirs')
  })

  test('is Indeterminate where the store cannot be asked before the deadline', async () => {
    const namespace = await memory()
    let cut = false
    const faulty = distorted(namespace, {
      commit: () => {
        cut = true
        return lost()
      },
      get: (key) =>
        cut ? Promise.reject(new UnavailableError('nothing listens')) : namespace.backend.get(key),
    })
    await expect(signal(faulty, 'k', 'mine', { timeout: 1_000 })).rejects.toThrow(
      IndeterminateError,
    )
  })

  test('is Indeterminate at the deadline, however often it was sent', async () => {
    const namespace = await memory()
    const faulty = distorted(namespace, { commit: lost })
    await expect(signal(faulty, 'k', 'mine', { timeout: 1_000 })).rejects.toThrow(
      IndeterminateError,
    )
    expect(await namespace.backend.get(KEY)).toBeUndefined()
  })
})

describe('a signal while the store is out of reach', () => {
  test('is tried again until it is there', async () => {
    const namespace = await memory()
    const faulty = faring(namespace, refusedToSend, refusedToSend)
    await signal(faulty, 'k', 'up', { timeout: 30_000 })
    expect(await revisions(namespace)).toBe(1)
  })

  test('is Unavailable at the deadline, by the store’s own reason', async () => {
    const namespace = await memory()
    const faulty = distorted(namespace, { commit: refusedToSend })
    await expect(signal(faulty, 'k', 'up', { timeout: 1_000 })).rejects.toThrow('nothing listens')
  })

  test('is Unavailable at once where trying again is hopeless', async () => {
    const namespace = await memory()
    const hopeless = new UnavailableError('wrong password', { retryable: false })
    const faulty = distorted(namespace, { get: () => Promise.reject(hopeless) })
    await expect(signal(faulty, 'k', 'up', { timeout: 60_000 })).rejects.toBe(hopeless)
  })

  test('ends with the caller’s reason when it is cancelled', async () => {
    const namespace = await memory()
    const cancel = new AbortController()
    const faulty = distorted(namespace, {
      get: () => {
        cancel.abort(new Error('cancelled'))
        return refusedToSend()
      },
    })
    const call = signal(faulty, 'k', 'up', { signal: cancel.signal })
    await expect(call).rejects.toThrow('cancelled')
  })
})

describe('signals at the same time', () => {
  test('are all applied, each once', async () => {
    const namespace = await memory()
    await signal(namespace, 'k', 'first')
    const states = Array.from({ length: 20 }, (_, i) => `s${i}`)
    await Promise.all(states.map((state) => signal(namespace, 'k', state)))
    expect(states).toContain(await getState(namespace, 'k'))
    expect(await revisions(namespace)).toBe(21)
  })

  test('two, of which one reads before and writes after the other', async () => {
    const namespace = await memory()
    await signal(namespace, 'k', 'first')
    const slow = faring(namespace, async (commit) => {
      await signal(namespace, 'k', 'quick')
      return commit()
    })
    await signal(slow, 'k', 'slow')
    expect(await getState(namespace, 'k')).toBe('slow')
    expect(slow.commits.count).toBe(2)
    expect(await revisions(namespace)).toBe(3)
  })
})

describe('an expiring signal', () => {
  test('becomes sticky by a plain one, and outlives its lease', async () => {
    const namespace = await memory()
    await signal(namespace, 'k', 'soon', { expire: 60_000 })
    const lease = (await namespace.backend.get(KEY))?.lease
    await signal(namespace, 'k', 'stays')
    await namespace.backend.revoke(lease ?? '')
    expect(await getState(namespace, 'k')).toBe('stays')
  })

  test('leaves no lease behind when it cannot be set', async () => {
    const namespace = await memory()
    const hold = await Hold.take(namespace, 'k', 'held')
    await expect(signal(namespace, 'k', 'x', { expire: 60_000 })).rejects.toThrow(NoError)
    expect((await namespace.backend.list('rdv/session/')).entries).toHaveLength(1)
    expect(await getState(namespace, 'k')).toBe('held')
    await hold.release()
    expect((await namespace.backend.list('rdv/')).entries).toEqual([])
  })

  test('is raised to what the store can, and says so', async () => {
    const namespace = await memory()
    const { expires } = await signal(namespace, 'k', 'x', { expire: 1 })
    expect(expires).toBe(namespace.backend.traits.minTtl)
  })
})

test('a plain signal keeps the session of a key that another program’s session holds', async () => {
  const namespace = await memory()
  const { id } = await namespace.backend.grant(60_000)
  await namespace.backend.commit([], [{ ...put(KEY, 'x'), lease: id } as Write])
  await signal(namespace, 'k', 'y')
  expect(await namespace.backend.get(KEY)).toMatchObject({ lease: id })
})

test.each([
  ['', 'x'],
  ['a//b', 'x'],
  ['k', ''],
  ['k', 'a\nb'],
])('the key %j with the state %j is a usage error, and nothing is done', async (key, state) => {
  const namespace = await memory()
  expect(() => signal(namespace, key, state)).toThrow(UsageError)
  expect((await namespace.backend.list('rdv/')).entries).toEqual([])
})

describe('clear', () => {
  test('with all removes every recipe’s things, and no session', async () => {
    const namespace = await memory()
    const hold = await Hold.take(namespace, 'other', 'up')
    for (const kind of ['signal', 'lock', 'counter', 'topic', 'counter-op', 'waitgroup']) {
      await namespace.backend.commit([], [put(`rdv/${kind}/k`, ''), put(`rdv/${kind}/k/child`, '')])
    }
    await clear(namespace, ['k'], { all: true })
    const { entries } = await namespace.backend.list('rdv/')
    expect(entries.map(({ key }) => key.split('/')[1])).toEqual(['session', 'signal'])
    await hold.release()
  })

  test('removes more than fit into one commit', async () => {
    const namespace = await memory()
    for (let i = 0; i < 130; i++) await signal(namespace, `g/${i}`)
    await clear(namespace, ['g'], { recursive: true })
    expect((await namespace.backend.list('rdv/signal/')).entries).toEqual([])
  })
})
