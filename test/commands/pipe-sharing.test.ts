import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { put } from '../../src/backends/operations.ts'
import { root } from '../examples/shell.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { namespaceOf, numbers, sorted, text, untilMembers } from './pipes.ts'
import { lines, Place, type Running } from './rdv.ts'

const receivers = (here: Place, count: number, ...prefix: string[]): Running[] =>
  Array.from({ length: count }, () =>
    here.startSh(`exec ${prefix.join(' ')} rdv pipe receive q --group w`),
  )

const shares = async (members: readonly Running[]): Promise<string[][]> =>
  Promise.all(members.map(async ({ ended }) => lines((await ended).stdout)))

// retried because the shares depend on when the machine lets each reader run
describe('idle receivers share evenly', { retry: 1 }, () => {
  test.each([
    ['four', 100, 4, []],
    ['four, of many lines,', 1_000, 4, []],
    ['three', 99, 3, []],
    ['four that the system runs last', 100, 4, ['nice']],
  ] as const)('%s', async (_, count, of, prefix) => {
    const here = new Place()
    const members = receivers(here, of, ...prefix)
    const sender = here.startWithInput('pipe', 'send', 'q', '--group', 'w', '--min', String(of))
    sender.stdin.end(text(numbers(1, count)))
    const got = await shares(members)
    expect(sorted(got.flat())).toEqual(numbers(1, count))
    for (const one of got) {
      expect(one.length).toBeGreaterThanOrEqual((0.8 * count) / of)
      expect(one.length).toBeLessThanOrEqual((1.2 * count) / of)
    }
    expect(await sender.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('a line for each of four', async () => {
    const here = new Place()
    const members = receivers(here, 4)
    const sender = here.startWithInput('pipe', 'send', 'q', '--group', 'w', '--min', '4')
    sender.stdin.end(text(numbers(1, 4)))
    expect((await shares(members)).map(({ length }) => length)).toEqual([1, 1, 1, 1])
  })

  test('in each of several groups', async () => {
    const here = new Place()
    const groups = ['a', 'b']
    const members = groups.map((group) =>
      [1, 2].map(() => here.start('pipe', 'receive', 'q', '--group', group)),
    )
    const declared = groups.flatMap((group) => ['--group', group])
    const sender = here.startWithInput('pipe', 'send', 'q', ...declared, '--min', '2')
    sender.stdin.end(text(numbers(1, 100)))
    for (const group of members) {
      const got = await shares(group)
      expect(sorted(got.flat())).toEqual(numbers(1, 100))
      for (const one of got) expect(one.length).toBeGreaterThanOrEqual(40)
    }
  })
})

describe('--min counts receivers that are connected', () => {
  test('not those that are only registered', async () => {
    const here = new Place()
    const namespace = await namespaceOf(here)
    await namespace.backend.commit([], [put('rdv/pipe/q/w/member/elsewhere', 'receiving')])
    const sender = here.startWithInput('pipe', 'send', 'q', '--group', 'w', '--min', '2')
    sender.stdin.end(text(numbers(1, 100)))
    const [one] = receivers(here, 1)
    await untilMembers(namespace, 'q', 'w', 2)
    // A sender that begins too early would have finished with the first receiver by then.
    await here.rdv('pipe', 'receive', 'other', '--group', 'w', '--timeout', '1s')
    const [other] = receivers(here, 1)
    const got = await shares([one, other] as Running[])
    for (const { length } of got) expect(length).toBeGreaterThanOrEqual(40)
  })

  // retried because the shares depend on when the machine lets each reader run
  test('and one that comes later gets its share from then on', { retry: 1 }, async () => {
    const here = new Place()
    const early = receivers(here, 2)
    const sender = here.startWithInput('pipe', 'send', 'q', '--group', 'w', '--min', '2')
    sender.stdin.write(text(numbers(1, 100)))
    await Promise.all(early.map((member) => member.says(/\n.*\n/)))
    const [late] = receivers(here, 1)
    await untilMembers(await namespaceOf(here), 'q', 'w', 3)
    let fed = 100
    const timer = setInterval(() => sender.stdin.write(`${++fed}\n`), 5)
    await late?.says(/^\d+$/m)
    clearInterval(timer)
    const before = fed
    sender.stdin.end(text(numbers(before + 1, before + 300)))
    const got = await shares([...early, late] as Running[])
    expect(sorted(got.flat())).toEqual(numbers(1, before + 300))
    const since = got.map((one) => one.filter((line) => Number(line) > before).length)
    // A reader that the machine does not let run takes fewer than its hundred.
    for (const count of since) expect(count).toBeGreaterThanOrEqual(20)
  })
})

describe('a receiver whose reader is busy holds next to nothing', () => {
  /** The reader takes one line, and the rest when the gate is opened. */
  const BUSY = 'read -r line; echo "$line"; read -r told <"$1/gate"; cat'

  const busyShare = async (count: number): Promise<string[]> => {
    const here = new Place()
    const folder = temporaryFolder('busy')
    const busy = here.startSh(
      `mkfifo "$1/gate"; rdv pipe receive q --group w | { ${BUSY}; }`,
      folder,
    )
    const free = receivers(here, 2)
    const sender = here.startWithInput('pipe', 'send', 'q', '--group', 'w', '--min', '3')
    sender.stdin.end(text(numbers(1, count)))
    const theirs = (await shares(free)).flat()
    await writeFile(join(folder, 'gate'), 'go\n')
    const [own = []] = await shares([busy])
    expect(sorted([...own, ...theirs])).toEqual(numbers(1, count))
    expect(await sender.ended).toMatchObject({ code: 0, stderr: '' })
    return own
  }

  test('of what others are free for', async () => {
    expect((await busyShare(300)).length).toBeLessThanOrEqual(6)
  })

  test('also of very many lines', async () => {
    expect((await busyShare(30_000)).length).toBeLessThanOrEqual(6)
  })
})

// retried because the shares depend on when the machine lets each reader run
test('readers that take four times as long get a quarter', { retry: 1 }, async () => {
  const here = new Place()
  const members = [0.05, 0.05, 0.05, 0.2].map((time) =>
    here.startSh(
      'rdv pipe receive q --group w | while read -r line; do echo "$line"; sleep "$1"; done',
      String(time),
    ),
  )
  const sender = here.startWithInput('pipe', 'send', 'q', '--group', 'w', '--min', '4')
  sender.stdin.end(text(numbers(1, 130)))
  const got = await shares(members)
  expect(sorted(got.flat())).toEqual(numbers(1, 130))
  const slow = got.pop()?.length ?? 0
  for (const { length } of got) {
    expect(slow / length).toBeGreaterThan(0.1)
    expect(slow / length).toBeLessThan(0.6)
  }
})

describe('the recipe for CI', () => {
  const block = /## In CI\n.*?```sh\n(.*?)```/s.exec(
    readFileSync(join(root, 'docs/pipes.md'), 'utf8'),
  )
  const [list = '', run = ''] = (block?.[1] ?? '').split('\n').filter((line) => /^[^#]/.test(line))

  const pipeline = async (runTest: string) => {
    const here = new Place({ CI_PIPELINE_ID: '7' })
    const folder = temporaryFolder('ci')
    const write = (name: string, script: string) =>
      writeFile(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    await Promise.all([write('list-tests', 'seq 1 100'), write('run-test', runTest)])
    const script = (line: string) => `cd "$1"; JOB=$2; export JOB; ${line}`
    const jobs = ['1', '2', '3', '4'].map((job) => here.startSh(script(run), folder, job))
    const sender = here.startSh(script(list), folder, 'lists')
    return { folder, jobs, sender }
  }

  // retried because the shares depend on when the machine lets each reader run
  test('gives each of four jobs its share of tests that take equally long', {
    retry: 1,
  }, async () => {
    const { jobs, sender } = await pipeline('echo "$1"; sleep 0.1')
    const got = await shares(jobs)
    expect(sorted(got.flat())).toEqual(numbers(1, 100))
    for (const { length } of got) expect(length).toBeGreaterThanOrEqual(15)
    expect(await sender.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('has the others run what one with a long test does not come to', async () => {
    const { folder, jobs, sender } = await pipeline(
      'echo "$1"; [ "$JOB" != 1 ] || { until [ -e gone ]; do sleep 0.1; done; }',
    )
    const others = await shares(jobs.slice(1))
    await writeFile(join(folder, 'gone'), '')
    const [first = []] = await shares(jobs.slice(0, 1))
    expect(sorted([...first, ...others.flat()])).toEqual(numbers(1, 100))
    expect(first.length).toBeLessThanOrEqual(6)
    expect(await sender.ended).toMatchObject({ code: 0, stderr: '' })
  })
})
