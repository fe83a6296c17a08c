import { describe, expect, test } from 'vitest'
import type { Backend, CommitResult, Guard, Write } from '../../src/backends/backend.ts'
import { put } from '../../src/backends/operations.ts'
import { IndeterminateError, NoError, UnavailableError, UsageError } from '../../src/errors.ts'
import { clear } from '../../src/recipes/clear.ts'
import { getState } from '../../src/recipes/get.ts'
import { Hold } from '../../src/recipes/hold.ts'
import { signal } from '../../src/recipes/signal.ts'
import type { Space } from '../../src/recipes/space.ts'
import { distorted, memory } from './space.ts'

const KEY = 'rdv/signal/k'

type Commit = (guards: readonly Guard[], writes: readonly Write[]) => Promise<CommitResult>

/** A store whose commits, one after the other, fare as the list says; then as usual. */
const faring = (
  space: Space,
  ...fates: ((commit: () => Promise<CommitResult>) => Promise<CommitResult>)[]
) => {
  const commits: { count: number } & Partial<Backend> = {
    count: 0,
    commit(this: Backend, ...[guards, writes]: Parameters<Commit>) {
      const fate = fates[commits.count++] ?? ((commit) => commit())
      return fate(() => space.backend.commit(guards, writes))
    },
  }
  return Object.assign(distorted(space, commits), { commits })
}

const lost = (): Promise<never> => Promise.reject(new IndeterminateError('no answer'))

/** It was applied, and the answer was lost. */
const applied = async (commit: () => Promise<unknown>): Promise<never> => {
  await commit()
  return lost()
}

/** It never arrived, and nobody can tell. */
const neverSent = lost

const refusedToSend = (): Promise<never> => Promise.reject(new UnavailableError('nothing listens'))

/** How often the key was written. */
const revisions = async (space: Space): Promise<number> => {
  const entry = await space.backend.get(KEY)
  return entry ? entry.modRevision - entry.createRevision + 1 : 0
}

describe('a signal whose answer is lost', () => {
  test('though it was applied is not applied again', async () => {
    const space = await memory()
    const faulty = faring(space, applied)
    await signal(faulty, 'k', 'up')
    expect(await getState(space, 'k')).toBe('up')
    expect(await revisions(space)).toBe(1)
  })

  test('and that never arrived is made once', async () => {
    const space = await memory()
    const faulty = faring(space, neverSent, neverSent)
    await signal(faulty, 'k', 'up')
    expect(faulty.commits.count).toBe(3)
    expect(await revisions(space)).toBe(1)
  })

  test('and that arrives late, after it was sent again, counts once', async () => {
    const space = await memory()
    await signal(space, 'k', 'before')
    let late: (() => Promise<CommitResult>) | undefined
    const faulty = faring(
      space,
      (commit) => {
        late = commit
        return lost()
      },
      async (commit) => {
        // the first one overtakes the second
        expect((await late?.())?.outcome).toBe('ok')
        await signal(space, 'k', 'after')
        return commit()
      },
    )
    await expect(signal(faulty, 'k', 'mine')).rejects.toThrow(IndeterminateError)
    expect(await getState(space, 'k')).toBe('after')
  })

  test('and that somebody else overwrote since is Indeterminate, and not made again', async () => {
    const space = await memory()
    const faulty = faring(space, async (commit) => {
      await commit()
      await signal(space, 'k', 'theirs')
      return lost()
    })
    await expect(signal(faulty, 'k', 'mine')).rejects.toThrow(IndeterminateError)
    expect(await getState(space, 'k')).toBe('theirs')
  })

  test('is Indeterminate where the store cannot be asked before the deadline', async () => {
    const space = await memory()
    let cut = false
    const faulty = distorted(space, {
      commit: () => {
        cut = true
        return lost()
      },
      get: (key) =>
        cut ? Promise.reject(new UnavailableError('nothing listens')) : space.backend.get(key),
    })
    await expect(signal(faulty, 'k', 'mine', { timeout: 1_000 })).rejects.toThrow(
      IndeterminateError,
    )
  })

  test('is Indeterminate at the deadline, however often it was sent', async () => {
    const space = await memory()
    const faulty = distorted(space, { commit: lost })
    await expect(signal(faulty, 'k', 'mine', { timeout: 1_000 })).rejects.toThrow(
      IndeterminateError,
    )
    expect(await space.backend.get(KEY)).toBeUndefined()
  })
})

describe('a signal while the store is out of reach', () => {
  test('is tried again until it is there', async () => {
    const space = await memory()
    const faulty = faring(space, refusedToSend, refusedToSend)
    await signal(faulty, 'k', 'up', { timeout: 30_000 })
    expect(await revisions(space)).toBe(1)
  })

  test('is Unavailable at the deadline, by the store’s own reason', async () => {
    const space = await memory()
    const faulty = distorted(space, { commit: refusedToSend })
    await expect(signal(faulty, 'k', 'up', { timeout: 1_000 })).rejects.toThrow('nothing listens')
  })

  test('is Unavailable at once where trying again is hopeless', async () => {
    const space = await memory()
    const hopeless = new UnavailableError('wrong password', { retryable: false })
    const faulty = distorted(space, { get: () => Promise.reject(hopeless) })
    await expect(signal(faulty, 'k', 'up', { timeout: 60_000 })).rejects.toBe(hopeless)
  })

  test('ends with the caller’s reason when it is cancelled', async () => {
    const space = await memory()
    const cancel = new AbortController()
    const faulty = distorted(space, {
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
    const space = await memory()
    await signal(space, 'k', 'first')
    const states = Array.from({ length: 20 }, (_, i) => `s${i}`)
    await Promise.all(states.map((state) => signal(space, 'k', state)))
    expect(states).toContain(await getState(space, 'k'))
    expect(await revisions(space)).toBe(21)
  })

  test('two, of which one reads before and writes after the other', async () => {
    const space = await memory()
    await signal(space, 'k', 'first')
    const slow = faring(space, async (commit) => {
      await signal(space, 'k', 'quick')
      return commit()
    })
    await signal(slow, 'k', 'slow')
    expect(await getState(space, 'k')).toBe('slow')
    expect(slow.commits.count).toBe(2)
    expect(await revisions(space)).toBe(3)
  })
})

describe('an expiring signal', () => {
  test('becomes sticky by a plain one, and outlives its lease', async () => {
    const space = await memory()
    await signal(space, 'k', 'soon', { expire: 60_000 })
    const lease = (await space.backend.get(KEY))?.session
    await signal(space, 'k', 'stays')
    await space.backend.revoke(lease ?? '')
    expect(await getState(space, 'k')).toBe('stays')
  })

  test('leaves no lease behind when it cannot be set', async () => {
    const space = await memory()
    const hold = await Hold.take(space, 'k', 'held')
    await expect(signal(space, 'k', 'x', { expire: 60_000 })).rejects.toThrow(NoError)
    expect((await space.backend.list('rdv/session/')).entries).toHaveLength(1)
    expect(await getState(space, 'k')).toBe('held')
    await hold.release()
    expect((await space.backend.list('rdv/')).entries).toEqual([])
  })

  test('is raised to what the store can, and says so', async () => {
    const space = await memory()
    const { expires } = await signal(space, 'k', 'x', { expire: 1 })
    expect(expires).toBe(space.backend.traits.minTtl)
  })
})

test('a plain signal keeps the session of a key that another program’s session holds', async () => {
  const space = await memory()
  const { id } = await space.backend.grant(60_000)
  await space.backend.commit([], [{ ...put(KEY, 'x'), session: id } as Write])
  await signal(space, 'k', 'y')
  expect(await space.backend.get(KEY)).toMatchObject({ session: id })
})

test.each([
  ['', 'x'],
  ['a//b', 'x'],
  ['k', ''],
  ['k', 'a\nb'],
])('the key %j with the state %j is a usage error, and nothing is done', async (key, state) => {
  const space = await memory()
  expect(() => signal(space, key, state)).toThrow(UsageError)
  expect((await space.backend.list('rdv/')).entries).toEqual([])
})

describe('clear', () => {
  test('with all removes every recipe’s things, and no session', async () => {
    const space = await memory()
    const hold = await Hold.take(space, 'other', 'up')
    for (const kind of ['signal', 'lock', 'counter', 'topic', 'counter-op', 'waitgroup']) {
      await space.backend.commit([], [put(`rdv/${kind}/k`, ''), put(`rdv/${kind}/k/child`, '')])
    }
    await clear(space, ['k'], { all: true })
    const { entries } = await space.backend.list('rdv/')
    expect(entries.map(({ key }) => key.split('/')[1])).toEqual(['session', 'signal'])
    await hold.release()
  })

  test('removes more than fit into one commit', async () => {
    const space = await memory()
    for (let i = 0; i < 130; i++) await signal(space, `g/${i}`)
    await clear(space, ['g'], { recursive: true })
    expect((await space.backend.list('rdv/signal/')).entries).toEqual([])
  })
})
