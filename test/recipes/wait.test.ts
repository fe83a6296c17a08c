import { describe, expect, test } from 'vitest'
import type { WatchEvent } from '../../src/backends/backend.ts'
import { aborted } from '../../src/base/abort.ts'
import { NoError, TimeoutError, UnavailableError, UsageError } from '../../src/base/errors.ts'
import { clear } from '../../src/recipes/clear.ts'
import { signal } from '../../src/recipes/signal.ts'
import { wait } from '../../src/recipes/wait/wait-targets.ts'
import { distorted, memory } from './namespace.ts'

/** A watch that shows an empty scope, and no change after that. */
async function* stale(_scope: string, signal: AbortSignal): AsyncGenerator<WatchEvent> {
  yield { kind: 'snapshot', entries: [], revision: 1, reset: false }
  await aborted(signal)
}

describe('at the deadline a wait looks once more', () => {
  test('and a state that arrived unseen counts', async () => {
    const namespace = await memory()
    const deaf = distorted(namespace, { watch: stale })
    const waiting = wait(deaf, 'k', { timeout: 500, progress: () => void signal(namespace, 'k') })
    await expect(waiting).resolves.toBeUndefined()
  })

  test('and a fail-if that came to hold unseen counts', async () => {
    const namespace = await memory()
    const deaf = distorted(namespace, { watch: stale })
    await signal(namespace, 'abort')
    const waiting = wait(deaf, 'k', { timeout: 500, failIf: ['abort'] })
    await expect(waiting).rejects.toThrow(NoError)
  })

  test('and tells what it last saw of each target', async () => {
    const namespace = await memory()
    await signal(namespace, 'a', 'busy')
    const waiting = wait(namespace, ['a', 'b', 'g/'], { timeout: 500 })
    await expect(waiting).rejects.toMatchObject({
      message:
        'timed out after 0.5 s: a is busy; b not signalled; g/ has no members, needs at least 1',
      pending: [{ target: 'a' }, { target: 'b' }, { target: 'g/' }],
    })
    await expect(waiting).rejects.toThrow(TimeoutError)
  })

  test('and a store that is silent then is Unavailable, not a timeout', async () => {
    const namespace = await memory()
    const silent = distorted(namespace, { list: () => new Promise(() => {}) })
    await expect(wait(silent, 'k', { timeout: 500 })).rejects.toThrow(UnavailableError)
  })

  test('and a store that is out of reach then is Unavailable, not a timeout', async () => {
    const namespace = await memory()
    const gone = distorted(namespace, {
      list: () => Promise.reject(new UnavailableError('nothing listens')),
    })
    await expect(wait(gone, 'k', { timeout: 500 })).rejects.toThrow('nothing listens')
  })

  test('and what was met before the store went away does not count any more', async () => {
    const namespace = await memory()
    await signal(namespace, 'a')
    const gone = distorted(namespace, {
      list: () => Promise.reject(new UnavailableError('nothing listens')),
    })
    await expect(wait(gone, ['a', 'b'], { timeout: 500 })).rejects.toThrow('nothing listens')
  })
})

test('a store that interrupts the watch does not make a key count as gone', async () => {
  const namespace = await memory()
  await signal(namespace, 'k')
  const seen: boolean[] = []
  const shaky = distorted(namespace, {
    async *watch(scope, signal) {
      for await (const event of namespace.backend.watch(scope, signal)) {
        yield event
        yield { kind: 'interrupted', cause: new UnavailableError('nothing listens') } as const
      }
    },
  })
  const waiting = wait(shaky, 'k', {
    not: true,
    timeout: 30_000,
    progress: ([one]) => {
      seen.push(one?.met ?? false)
      if (seen.length === 3) void clear(namespace, ['k'])
    },
  })
  await waiting
  expect(seen.indexOf(true)).toBeGreaterThan(2)
})

test('a wait that is cancelled rejects with the reason', async () => {
  const namespace = await memory()
  const cancel = new AbortController()
  const waiting = wait(namespace, 'k', { signal: cancel.signal })
  cancel.abort(new Error('cancelled'))
  await expect(waiting).rejects.toThrow('cancelled')
})

test('a space is opened only for targets that need it', async () => {
  const opened = () => Promise.reject(new Error('it was opened'))
  await wait(opened, 'exec:true')
  await expect(wait(opened, ['exec:true', 'k'])).rejects.toThrow('it was opened')
})

test.each(['', 'a//b', 'k=', '=x', 'host:80', 'bogus://x', 'a/b/=x'])(
  'the target %j is a usage error before anything is looked at',
  async (target) => {
    const opened = () => Promise.reject(new Error('it was opened'))
    await expect(wait(opened, ['k', target])).rejects.toThrow(UsageError)
  },
)

test('a thousand waits in one process all end', async () => {
  const namespace = await memory()
  const waiting = Array.from({ length: 1_000 }, (_, i) => wait(namespace, `k${i % 10}`))
  for (let i = 0; i < 10; i++) await signal(namespace, `k${i}`)
  expect(await Promise.all(waiting)).toHaveLength(1_000)
})
