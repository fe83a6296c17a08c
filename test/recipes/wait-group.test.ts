import { describe, expect, test } from 'vitest'
import { put } from '../../src/backends/operations.ts'
import { ConflictError, IndeterminateError, NoError, UsageError } from '../../src/base/errors.ts'
import { WaitGroup } from '../../src/recipes/wait-group.ts'
import { onEveryStore } from './counting-stores.ts'
import { distorted, memory } from './namespace.ts'

describe('a wait group', () => {
  onEveryStore((meeting) => {
    test('has so much pending, and never less than nothing', async () => {
      const { place } = meeting
      const steps = [
        [['add', 'steps'], 0, '1\n'],
        [['add', 'steps', '2'], 0, '3\n'],
        [['done', 'steps'], 0, '2\n'],
        [['done', 'steps'], 0, '1\n'],
        [['done', 'steps'], 0, '0\n'],
        [['done', 'steps'], 1, ''],
        [['add', 'steps', '0'], 0, '0\n'],
      ] as const
      for (const [words, code, stdout] of steps) {
        expect({ words, ...(await place.rdv('waitgroup', ...words)) }).toMatchObject({
          words,
          code,
          stdout,
        })
      }
      const { backend } = await meeting.namespace()
      const entry = await backend.get('rdv/waitgroup/steps')
      expect(String(entry && Buffer.from(entry.value))).toBe('pending=0 added=3')
    })

    test('is waited for until all work is done, then the wait becomes its command', async () => {
      const { place } = meeting
      await place.rdv('waitgroup', 'add', 'work', '3')
      const waiting = place.start('waitgroup', 'wait', 'work', '--', 'echo', 'all done')
      await waiting.says(/waiting for work \(has 3 pending\)/)
      const done = () => place.rdv('waitgroup', 'done', 'work')
      await Promise.all([done(), done(), done()])
      expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'all done\n' })
    })

    test('is waited for with --expect also before anything is added', async () => {
      const { place } = meeting
      const waiting = place.start('waitgroup', 'wait', 'early', '--expect', '2', '--json')
      await place.rdv('waitgroup', 'add', 'early')
      await place.rdv('waitgroup', 'done', 'early')
      const late = place.rdv('waitgroup', 'wait', 'early', '--expect', '2', '--timeout', '5s')
      expect(await late).toMatchObject({ code: 124, stdout: '' })
      await place.rdv('waitgroup', 'add', 'early')
      await place.rdv('waitgroup', 'done', 'early')
      const { code, stdout } = await waiting.ended
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toEqual({ ok: true, name: 'early', pending: '0', added: '2' })
      expect(await place.rdv('waitgroup', 'wait', 'never-added')).toMatchObject({ code: 0 })
    })

    test('takes an idempotency key once', async () => {
      const { place } = meeting
      await place.rdv('waitgroup', 'add', 'once', '5', '--idempotency-key', 'setup')
      await place.rdv('waitgroup', 'add', 'once', '5', '--idempotency-key', 'setup')
      const step = ['waitgroup', 'done', 'once', '--idempotency-key', 'shard-1'] as const
      const ended = await Promise.all([place.rdv(...step), place.rdv(...step), place.rdv(...step)])
      expect(ended.map(({ stdout }) => stdout)).toEqual(['4\n', '4\n', '4\n'])
      expect((await place.rdv('waitgroup', 'done', 'once')).stdout).toBe('3\n')
    })

    test('takes the same idempotency key for what is added and for what is done', async () => {
      const { place } = meeting
      const key = ['--idempotency-key', 'job-7'] as const
      expect((await place.rdv('waitgroup', 'add', 'both', '2', ...key)).stdout).toBe('2\n')
      expect((await place.rdv('waitgroup', 'done', 'both', ...key)).stdout).toBe('1\n')
      expect((await place.rdv('waitgroup', 'done', 'both', ...key)).stdout).toBe('1\n')
    })

    test('under a name that holds something else is a conflict', async () => {
      const { backend } = await meeting.namespace()
      await backend.commit([], [put('rdv/waitgroup/text', 'many')])
      for (const verb of ['add', 'done', 'wait']) {
        const { code, stderr } = await meeting.place.rdv('waitgroup', verb, 'text')
        expect({ verb, code }).toEqual({ verb, code: 123 })
        expect(stderr).toContain('"many"')
      }
    })
  })
})

describe('in one process', () => {
  test('work that many do at once is all counted', async () => {
    const namespace = await memory()
    const group = new WaitGroup(namespace, 'w')
    await group.add(20n)
    const waiting = group.wait()
    const ends = await Promise.allSettled(
      Array.from({ length: 25 }, () => new WaitGroup(namespace, 'w').done()),
    )
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
    for (const end of ends) {
      if (end.status === 'rejected') expect(end.reason).toBeInstanceOf(NoError)
    }
    expect(await waiting).toEqual({ pending: 0n, added: 20n })
  })

  test('work whose answer was lost is done once', async () => {
    const namespace = await memory()
    await new WaitGroup(namespace, 'w').add(2n)
    let lost = false
    const lossy = distorted(namespace, {
      async commit(...args) {
        const result = await namespace.backend.commit(...args)
        if (lost) return result
        lost = true
        throw new IndeterminateError('no answer came')
      },
    })
    expect(await new WaitGroup(lossy, 'w').done()).toEqual({ pending: 1n, added: 2n })
  })

  test('a negative amount is refused, and more than 64 bits is a No', async () => {
    const group = new WaitGroup(await memory(), 'w')
    expect(() => group.add(-1n)).toThrow(UsageError)
    await group.add(2n ** 63n - 1n)
    await expect(group.add(1n)).rejects.toThrow(NoError)
    expect(await group.add(0n)).toEqual({ pending: 2n ** 63n - 1n, added: 2n ** 63n - 1n })
  })

  test.each(['', 'pending=1', 'pending=-1 added=2', `pending=0 added=${2n ** 63n}`])(
    '%j is none',
    async (text) => {
      const namespace = await memory()
      await namespace.backend.commit([], [put('rdv/waitgroup/w', text)])
      await expect(new WaitGroup(namespace, 'w').done()).rejects.toThrow(ConflictError)
    },
  )
})
