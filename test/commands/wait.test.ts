import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { listen } from '../probes/servers.ts'
import { startPostgres } from '../services/postgres.ts'
import { startProxy } from '../services/proxy.ts'
import { lines, Place } from './rdv.ts'

/** A place in which these keys are signalled, such as `a` or `b=busy`. */
const having = async (...signals: string[]): Promise<Place> => {
  const place = new Place()
  for (const signal of signals) await place.rdv('signal', ...signal.split('='))
  return place
}

/** The exit code of a wait with --once. */
const once = async (place: Place, ...argv: string[]): Promise<number | null> =>
  (await place.rdv('wait', ...argv, '--once')).code

describe('a wait for a key', () => {
  test('that is signalled already ends at once', async () => {
    const place = await having('db')
    expect(await place.rdv('wait', 'db')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  })

  test('ends when it is signalled', async () => {
    const place = new Place()
    const waiting = place.start('wait', 'db')
    await waiting.says(/waiting for db \(not signalled\)/)
    await place.rdv('signal', 'db')
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: '' })
  })

  test('in a state ends when it is in that one', async () => {
    const place = await having('db=starting')
    const waiting = place.start('wait', 'db=migrated')
    await waiting.says(/waiting for db=migrated \(is starting\)/)
    await place.rdv('signal', 'db', 'seeded')
    await waiting.says(/waiting for db=migrated \(is seeded\)/)
    await place.rdv('signal', 'db', 'migrated')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  test('never sees a key that is merely alike', async () => {
    const place = await having('db1', 'd', 'db/x', 'DB')
    expect(await once(place, 'db')).toBe(1)
  })

  test('wakes all who wait', async () => {
    const place = new Place()
    const waiting = Array.from({ length: 5 }, () => place.start('wait', 'go'))
    await Promise.all(waiting.map((one) => one.says(/waiting for go/)))
    await place.rdv('signal', 'go')
    for (const one of waiting) expect(await one.ended).toMatchObject({ code: 0 })
  })

  test.each([
    { state: 'ready', flags: [], code: 0 },
    { state: 'busy', flags: [], code: 1 },
    { state: 'busy', flags: ['--state', 'busy'], code: 0 },
    { state: 'busy', flags: ['--state', 'ready,busy'], code: 0 },
    { state: 'ready', flags: ['--state', 'available'], code: 1 },
    { state: 'whatever', flags: ['--state', '*'], code: 0 },
    { state: 'bus', flags: ['--state', 'busy'], code: 1 },
    { state: 'busy', flags: ['--not'], code: 0 },
    { state: 'ready', flags: ['--not'], code: 1 },
    { state: 'busy', flags: ['--not', '--state', '*'], code: 1 },
  ])('in state $state with $flags: $code', async ({ state, flags, code }) => {
    expect(await once(await having(`k=${state}`), 'k', ...flags)).toBe(code)
  })
})

describe('of several targets', () => {
  test.each([
    { targets: ['a', 'b'], flags: [], code: 0 },
    { targets: ['a', 'x'], flags: [], code: 1 },
    { targets: ['a', 'x'], flags: ['--any'], code: 0 },
    { targets: ['x', 'y'], flags: ['--any'], code: 1 },
    { targets: ['a', 'b', 'x'], flags: ['--at-least', '2'], code: 0 },
    { targets: ['a', 'x', 'y'], flags: ['--at-least', '2'], code: 1 },
    { targets: ['a', 'x'], flags: ['--at-least', '2'], code: 1 },
    { targets: ['a', 'b', 'g/', 'exec:true'], flags: [], code: 0 },
    { targets: ['a', 'b', 'g/', 'exec:false'], flags: [], code: 1 },
    { targets: ['a', 'exec:false'], flags: ['--any'], code: 0 },
    { targets: ['x', 'y'], flags: ['--not'], code: 0 },
    { targets: ['a', 'x'], flags: ['--not'], code: 1 },
    { targets: ['a', 'x'], flags: ['--not', '--any'], code: 0 },
    { targets: ['x', 'none/', 'exec:false'], flags: ['--not'], code: 0 },
    { targets: ['a', 'a'], flags: ['--at-least', '2'], code: 0 },
  ])('$targets with $flags: $code', async ({ targets, flags, code }) => {
    expect(await once(await having('a', 'b', 'g/1'), ...targets, ...flags)).toBe(code)
  })

  test('all must hold at the same time', async () => {
    const place = await having('a')
    const waiting = place.start('wait', 'a', 'b')
    await waiting.says(/waiting for b/)
    await place.rdv('signal', 'a', 'busy')
    await waiting.says(/waiting for a \(is busy\), b/)
    await place.rdv('signal', 'b')
    await waiting.says(/waiting for a \(is busy\)\n/)
    await place.rdv('signal', 'a')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  test('--any ends with the first', async () => {
    const place = new Place()
    const waiting = place.start('wait', 'a', 'b', 'exec:false', '--any')
    await waiting.says(/waiting for a .*, b .*, exec:false/)
    await place.rdv('signal', 'b')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })
})

describe('--not', () => {
  test('waits until a key is cleared', async () => {
    const place = await having('k')
    const waiting = place.start('wait', 'k', '--not')
    await waiting.says(/waiting for k/)
    await place.rdv('clear', 'k')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  test('waits until no member of a group is accepted', async () => {
    const place = await having('g/1', 'g/2')
    const waiting = place.start('wait', 'g/', '--not')
    await waiting.says(/waiting for g\//)
    await place.rdv('signal', 'g/1', 'busy')
    await waiting.says(/1 of 2 ready/)
    await place.rdv('clear', 'g/2')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })

  test('waits until a probe is down', async () => {
    const place = new Place()
    const file = `${place.directory}-flag`
    writeFileSync(file, '')
    const waiting = place.start('wait', `file://${file}`, '--not')
    await waiting.says(/waiting for file:/)
    await place.sh('rm "$1"', file)
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })
})

describe('a wait ends at once with 1', () => {
  test('when a --fail-if comes to hold', async () => {
    const place = new Place()
    const waiting = place.start('wait', 'done', '--fail-if', 'abort', '--fail-if', 'group/')
    await waiting.says(/waiting for done/)
    await place.rdv('signal', 'abort')
    const { code, stderr } = await waiting.ended
    expect(code).toBe(1)
    expect(lines(stderr).at(-1)).toMatch(/^rdv: abort is ready$/)
  })

  test('when a --fail-if holds already, also if the targets do', async () => {
    const place = await having('done', 'abort')
    expect(await place.rdv('wait', 'done', '--fail-if', 'abort')).toMatchObject({ code: 1 })
    expect(await place.rdv('wait', 'done', '--fail-if', 'abort', '--once')).toMatchObject({
      code: 1,
    })
    expect(await place.rdv('wait', 'done', '--fail-if', 'exec:true')).toMatchObject({ code: 1 })
    expect(await place.rdv('wait', 'done', '--fail-if', 'other')).toMatchObject({ code: 0 })
  })

  test('when a key comes into a --fail-state', async () => {
    const place = await having('k=starting')
    const waiting = place.start('wait', 'k', '--fail-state', 'failed,crashed')
    await waiting.says(/waiting for k \(is starting\)/)
    await place.rdv('signal', 'k', 'crashed')
    const { code, stderr } = await waiting.ended
    expect(code).toBe(1)
    expect(lines(stderr).at(-1)).toBe('rdv: k has failed: is crashed')
  })

  test('when a member of a group is in a --fail-state, though enough others are ready', async () => {
    const place = await having('g/1', 'g/2', 'g/3=failed')
    const { code, stderr } = await place.rdv('wait', 'g/', '--ready', '2', '--fail-state', 'failed')
    expect(code).toBe(1)
    expect(stderr).toBe('rdv: g/ has failed: 3 is failed\n')
  })
})

describe('a wait that times out', () => {
  test('names what is pending with the last reason of each, and the file', async () => {
    const place = await having('a=busy', 'g/1', 'g/2=busy', 'met')
    const argv = ['a', 'b', 'db=migrated', 'g/', 'met', 'tcp://localhost:1', 'exec:false']
    const { code, stderr } = await place.rdv('wait', ...argv, '--min', '1', '--timeout', '400ms')
    expect(code).toBe(124)
    const last = lines(stderr).at(-1)
    expect(last).toMatch(/^rdv: timed out after 0\.4 s: a is busy; b not signalled; /)
    expect(last).toContain(
      'db=migrated not signalled; g/ 1 of 2 ready, 2 is busy; tcp://localhost:1',
    )
    expect(last).not.toContain('met')
    expect(stderr).toContain(`sqlite://${place.file}`)
    expect(stderr).toContain('other users, containers and hosts cannot see')
  })

  test('offers a key that is alike', async () => {
    const place = await having('database', 'deploy/node1')
    const { stderr } = await place.rdv('wait', 'databse', '--timeout', '50ms')
    expect(stderr).toContain('databse does not exist, but database does: did you mean database?')
    const other = await place.rdv('wait', 'zebra', '--timeout', '50ms')
    expect(other.stderr).not.toContain('did you mean')
  })

  test('says of a look that hangs that there was no answer', async () => {
    const port = await listen()
    const url = `redis://127.0.0.1:${port}`
    const place = new Place()
    const waiting = place.start('wait', url, '--timeout', '2s')
    await waiting.says(/waiting for redis:\S+ \(no answer yet\)\n/)
    const { code, stderr } = await waiting.ended
    expect(code).toBe(124)
    expect(lines(stderr).at(-1)).toBe(`rdv: timed out after 2 s: ${url} no answer within 2s`)
    for (const flags of [[], ['--once']]) {
      const { stdout } = await place.rdv('wait', url, '--timeout', '300ms', '--json', ...flags)
      const pending = [{ target: url, reason: 'no answer within 300ms' }]
      expect(JSON.parse(stdout)).toMatchObject({ error: 'timeout', pending })
    }
  })

  test('says of a --fail-if that has not answered that it is waited for', async () => {
    const url = `redis://127.0.0.1:${await listen()}`
    const place = await having('done')
    const waiting = place.start('wait', 'done', '--fail-if', url, '--timeout', '2s')
    await waiting.says(/waiting for redis:\S+ \(no answer yet, so/)
    const { code, stderr } = await waiting.ended
    expect(code).toBe(124)
    const says = `${url} no answer within 2s, so it is unknown whether the wait must fail`
    expect(lines(stderr).at(-1)).toBe(`rdv: timed out after 2 s: ${says}`)
    const json = await place.rdv('wait', 'done', '--fail-if', url, '--timeout', '300ms', '--json')
    expect(JSON.parse(json.stdout).pending).toEqual([
      { target: url, reason: expect.stringContaining('no answer within 300ms') },
    ])
  })

  test('says where the key is a group, or the group a key', async () => {
    const place = await having('deploy/node1', 'build')
    const waiting = place.start('wait', 'deploy', 'build/', '--timeout', '1m')
    await waiting.says(
      /there is no key deploy, but there is a group deploy\/: did you mean deploy\/\?\n/,
    )
    await waiting.says(
      /the group build\/ is empty, but there is a key build: did you mean build\?\n/,
    )
    await place.rdv('signal', 'deploy')
    await place.rdv('signal', 'build/1')
    expect(await waiting.ended).toMatchObject({ code: 0 })
    const { stderr } = await place.rdv('wait', 'deploy=up', '--timeout', '100ms')
    expect(stderr).not.toContain('did you mean')
    await place.rdv('clear', 'deploy')
    const late = await place.rdv('wait', 'deploy', '--timeout', '100ms')
    expect(late.stderr.match(/did you mean deploy\//g)).toHaveLength(1)
  })

  test('says where a -- was probably forgotten', async () => {
    const place = new Place()
    const { stderr } = await place.rdv('wait', 'database', 'echo', 'hi', '--timeout', '100ms')
    expect(stderr).toContain(
      'waiting for a key named echo: to run it as COMMAND, write -- before it',
    )
    for (const argv of [['echo'], ['database', 'echo', '--', 'true'], ['database', 'cache']]) {
      const other = await place.rdv('wait', '--timeout', '100ms', ...argv)
      expect(other.stderr).not.toContain('write --')
    }
    const quiet = await place.rdv('wait', 'a', 'echo', '--timeout', '100ms', '--quiet')
    expect(lines(quiet.stderr)).toHaveLength(1)
  })

  test('of probes alone opens no store', async () => {
    const place = new Place({ RDV_BACKEND: 'sqlite:///dev/null/impossible' })
    const { code, stderr } = await place.rdv('wait', 'exec:false', '--timeout', '100ms')
    expect({ code, stderr }).toMatchObject({
      code: 124,
      stderr: expect.not.stringContaining('sqlite'),
    })
    expect(await place.rdv('wait', 'exec:true')).toMatchObject({ code: 0, stderr: '' })
  })

  test('tells no password', async () => {
    const { code, stdout, stderr } = await new Place().rdv(
      ...['wait', 'postgres://u:hunter2@127.0.0.1:1/db', 'redis://:hunter2@127.0.0.1:1'],
      ...['http://u:hunter2@127.0.0.1:1/', '--timeout', '700ms', '--verbose'],
    )
    expect(code).toBe(124)
    expect(stdout + stderr).not.toContain('hunter2')
  })
})

describe('a wait that is interrupted', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('by %s ends with %i', async (signal, code) => {
    const waiting = new Place().start('wait', 'k', 'exec:false')
    await waiting.says(/waiting for k/)
    waiting.kill(signal)
    expect(await waiting.ended).toMatchObject({ code, signal: null, stdout: '' })
  })
})

describe('a wait for a database', () => {
  test('ends when the database itself exists', async () => {
    const postgres = await startPostgres({ databases: ['app'] })
    const proxy = await startProxy(postgres)
    try {
      const url = postgres.url.replace(`:${postgres.port}`, `:${proxy.port}`)
      proxy.refuse()
      const place = new Place()
      const waiting = place.start('wait', url)
      await waiting.says(/waiting for postgres:.*connection refused/)
      await proxy.accept()
      const { code, stderr } = await waiting.ended
      expect(code).toBe(0)
      expect(stderr).not.toContain(encodeURIComponent(postgres.password))
      const missing = url.replace(/app$/, 'missing')
      expect(await place.rdv('wait', missing, '--once')).toMatchObject({ code: 1 })
    } finally {
      await proxy.stop()
      await postgres.stop()
    }
  })
})

test('more targets than descriptors are all looked at', async () => {
  const url = `tcp://localhost:${await listen()}`
  const place = new Place()
  const targets = Array.from({ length: 600 }, () => url)
  const limited = (...words: string[]) =>
    place.sh('ulimit -n 128; exec rdv wait "$@"', ...targets, ...words)
  expect(await limited('--timeout', '2m')).toMatchObject({ code: 0 })
  expect(await limited('--not', '--any', '--once', '--timeout', '2m')).toMatchObject({ code: 1 })
})
