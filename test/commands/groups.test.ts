import { describe, expect, test } from 'vitest'
import { lines, Place } from './rdv.ts'
import { LATE } from './timed.ts'

const group = async (...signals: string[]): Promise<Place> => {
  const place = new Place()
  for (const signal of signals) await place.rdv('signal', ...signal.split('='))
  return place
}

describe('a group', () => {
  test.each([
    { name: 'of one busy node is not ready', members: ['d/1=busy'], flags: [], code: 1 },
    { name: 'of one ready node is ready', members: ['d/1'], flags: [], code: 0 },
    { name: 'with one busy among two is not', members: ['d/1', 'd/2=busy'], flags: [], code: 1 },
    {
      name: 'with one busy is not, whatever the least',
      members: ['d/1', 'd/2=busy'],
      flags: ['--min', '1'],
      code: 1,
    },
    {
      name: 'of two ready is, with --min 2',
      members: ['d/1', 'd/2'],
      flags: ['--min', '2'],
      code: 0,
    },
    {
      name: 'of two ready is not, with --min 3',
      members: ['d/1', 'd/2'],
      flags: ['--min', '3'],
      code: 1,
    },
    { name: 'that is empty is not ready', members: [], flags: [], code: 1 },
    { name: 'that is empty is ready with --min 0', members: [], flags: ['--min', '0'], code: 0 },
    {
      name: 'of one busy is not ready with --min 0',
      members: ['d/1=busy'],
      flags: ['--min', '0'],
      code: 1,
    },
    {
      name: 'needs so many with --ready, whatever the others are',
      members: ['d/1', 'd/2', 'd/3=busy'],
      flags: ['--ready', '2'],
      code: 0,
    },
    {
      name: 'with too few is not --ready 2',
      members: ['d/1', 'd/3=busy'],
      flags: ['--ready', '2'],
      code: 1,
    },
    { name: 'counts direct children only', members: ['d/a/b', 'd/a/b/c'], flags: [], code: 1 },
    { name: 'is blind to busy grandchildren', members: ['d/1', 'd/a/b=busy'], flags: [], code: 0 },
    { name: 'is blind to a key of its own name', members: ['d'], flags: [], code: 1 },
    { name: 'is blind to longer names', members: ['dx/a', 'd0', 'd-1/a'], flags: [], code: 1 },
    {
      name: 'accepts the named states',
      members: ['d/1=available', 'd/2'],
      flags: ['--state', 'ready,available'],
      code: 0,
    },
    {
      name: 'accepts any state',
      members: ['d/1=busy', 'd/2=x'],
      flags: ['--state', '*', '--min', '2'],
      code: 0,
    },
    {
      name: 'is not, where no member is accepted',
      members: ['d/1=busy'],
      flags: ['--not'],
      code: 0,
    },
    {
      name: 'is not not, where one of two is accepted',
      members: ['d/1=busy', 'd/2'],
      flags: ['--not'],
      code: 1,
    },
    { name: 'within a group', members: ['a/d/1'], flags: ['--not'], code: 0 },
  ])('$name', async ({ members, flags, code }) => {
    const place = await group(...members)
    expect(await place.rdv('wait', 'd/', '--once', ...flags)).toMatchObject({ code, stdout: '' })
  })

  test('fp6/ is blind to fp6x/a', async () => {
    const place = await group('fp6x/a=busy', 'fp6/a')
    expect(await place.rdv('wait', 'fp6/')).toMatchObject({ code: 0 })
    const other = await group('fp6x/a')
    expect(await other.rdv('wait', 'fp6/', '--once')).toMatchObject({ code: 1 })
  })

  test('a lone node that is and stays busy never counts as ready', async () => {
    const place = new Place()
    const waiting = place.start('wait', 'deploy/', '--timeout', '0')
    await waiting.says(/has no members, needs at least 1/)
    await place.rdv('signal', 'deploy/node1', 'busy')
    await waiting.says(/0 of 1 ready, node1 is busy/)
    await place.rdv('signal', 'deploy/node1', 'starting')
    await waiting.says(/0 of 1 ready, node1 is starting/)
    await place.rdv('signal', 'deploy/node1', 'ready')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  test('two ready nodes end a wait for two, also one that is under way', async () => {
    const place = await group('deploy/1')
    const waiting = place.start('wait', 'deploy/', '--min', '2')
    await waiting.says(/1 of 2 ready/)
    await place.rdv('signal', 'deploy/2')
    expect(await waiting.ended).toMatchObject({ code: 0 })
    expect(await place.rdv('wait', 'deploy/', '--min', '2', '--once')).toMatchObject({ code: 0 })
  })

  test('a busy node that leaves makes the rest ready', async () => {
    const place = await group('deploy/1')
    const node = place.start('signal', 'deploy/2', 'busy', '--hold')
    await place.until('deploy/2')
    const waiting = place.start('wait', 'deploy/')
    await waiting.says(/1 of 2 ready, 2 is busy/)
    node.kill('SIGTERM')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  // retried because it measures the wall clock, and other processes may use the machine at that moment
  test('with one busy and one ready node times out at the deadline', { retry: 1 }, async () => {
    const place = await group('deploy/1', 'deploy/2=busy')
    /** The time of a whole process, in milliseconds. */
    const timed = async (...argv: string[]) => {
      const started = performance.now()
      const { code } = await place.rdv(...argv)
      return { code, took: performance.now() - started }
    }
    // the time that a process needs to start and end on this machine at the moment
    const control = await timed('wait', 'deploy/', '--ready', '1')
    const waited = await timed('wait', 'deploy/', '--timeout', '2s')
    expect(control.code).toBe(0)
    expect(waited.code).toBe(124)
    expect(waited.took).toBeGreaterThan(2_000)
    // after the deadline it checks once more, prints the reason, and ends
    expect(waited.took).toBeLessThan(2_000 + LATE + 3 * control.took)
  })

  test('a node’s key has one holder: the second gets 1 and the first stays', async () => {
    const place = new Place()
    const first = place.start('signal', 'deploy/1', 'busy', '--hold')
    await place.until('deploy/1', 'busy')
    const second = await place.rdv('signal', 'deploy/1', 'ready', '--hold', '--', 'echo', 'ran')
    expect(second).toMatchObject({ code: 1, stdout: '' })
    expect(lines(second.stderr)).toEqual([expect.stringMatching(new RegExp(`pid ${first.pid}\\b`))])
    expect(await place.state('deploy/1')).toBe('busy')
    first.kill('SIGTERM')
    await first.ended
    expect(await place.state('deploy/1')).toBeUndefined()
  })
})
