import { describe, expect, test } from 'vitest'
import { lines, Place } from './rdv.ts'

/** A wait that times out at once. */
const LATE = ['wait', 'k', '--timeout', '50ms']

describe('exit codes', () => {
  test.each([
    { set: {}, argv: [], code: 124 },
    { set: {}, argv: ['--exit-codes', 'timeout=1'], code: 1 },
    { set: {}, argv: ['--exit-codes', 'no=9,timeout=0'], code: 0 },
    { set: {}, argv: ['--exit-codes', 'no=9'], code: 124 },
    { set: { RDV_EXIT_CODES: 'timeout=3' }, argv: [], code: 3 },
    { set: { RDV_EXIT_CODES: 'timeout=3' }, argv: ['--exit-codes', 'timeout=4'], code: 4 },
    { set: { RDV_EXIT_CODES: 'timeout=3' }, argv: ['--exit-codes', 'no=4'], code: 124 },
    { set: { RDV_EXIT_CODES: '' }, argv: [], code: 124 },
  ])('of a timeout with $set and $argv: $code', async ({ set, argv, code }) => {
    expect(await new Place(set).rdv(...LATE, ...argv)).toMatchObject({ code })
  })

  test.each([
    { argv: ['get', 'k'], usual: 1, name: 'no' },
    { argv: ['get'], usual: 2, name: 'usage' },
    { argv: ['frobnicate'], usual: 2, name: 'usage' },
    { argv: ['get', 'k', '--frob'], usual: 2, name: 'usage' },
    { argv: ['get', 'k', '--backend', 'sqlite:///dev/null/x'], usual: 120, name: 'unavailable' },
  ])('$usual of $argv can be another one', async ({ argv, usual, name }) => {
    expect(await new Place().rdv(...argv)).toMatchObject({ code: usual })
    expect(await new Place().rdv(...argv, '--exit-codes', `${name}=77`)).toMatchObject({ code: 77 })
    expect(await new Place().rdv(`--exit-codes=${name}=78`, ...argv)).toMatchObject({ code: 78 })
    expect(await new Place({ RDV_EXIT_CODES: `${name}=79` }).rdv(...argv)).toMatchObject({
      code: 79,
    })
  })

  test('wrong ones in the environment are a usage error', async () => {
    const { code, stderr } = await new Place({ RDV_EXIT_CODES: 'x=1' }).rdv('get', 'k')
    expect(code).toBe(2)
    expect(lines(stderr)).toEqual([expect.stringContaining('NAME=CODE')])
  })

  test('those of COMMAND are its own', async () => {
    const place = new Place({ RDV_EXIT_CODES: 'no=5,timeout=6' })
    await place.rdv('signal', 'k')
    expect(await place.rdv('wait', 'k', '--', 'sh', '-c', 'exit 1')).toMatchObject({ code: 1 })
    expect(await place.rdv('signal', 'h', '--hold', '--', 'sh', '-c', 'exit 124')).toMatchObject({
      code: 124,
    })
  })
})

describe('the environment', () => {
  test('names backend and namespace, and a flag beats it', async () => {
    const place = new Place({ RDV_NAMESPACE: 'one' })
    await place.rdv('signal', 'k', 'in-one')
    await place.rdv('signal', 'k', 'in-two', '--namespace', 'two')
    expect((await place.rdv('get', 'k')).stdout).toBe('in-one\n')
    expect((await place.rdv('get', 'k', '--namespace', 'two')).stdout).toBe('in-two\n')

    const other = new Place({ RDV_BACKEND: `sqlite://${place.file}`, RDV_NAMESPACE: 'two' })
    expect((await other.rdv('get', 'k')).stdout).toBe('in-two\n')
    expect((await other.rdv('get', 'k', '--backend', 'sqlite:')).code).toBe(1)
  })

  test('an empty variable is none', async () => {
    const place = new Place({ RDV_BACKEND: '', RDV_NAMESPACE: '', RDV_TIMEOUT: '', RDV_JSON: '' })
    expect((await place.rdv('signal', 'k')).code).toBe(0)
    expect((await place.rdv('wait', 'k')).stdout).toBe('')
    expect(await new Place({ RDV_DATA_DIR: place.directory }).state('k')).toBe('ready')
  })

  test.each([[['wait', 'k']], [['wait', 'g/']], [['wait', 'k', '--not', '--fail-if', 'j']]])(
    'RDV_TIMEOUT is for %j',
    async (argv) => {
      const place = new Place({ RDV_TIMEOUT: '60ms' })
      if (argv.includes('--not')) await place.rdv('signal', 'k')
      const { code, stderr } = await place.rdv(...argv)
      expect(code).toBe(124)
      expect(stderr).toContain('timed out after 0.06 s')
      const { stderr: flagged } = await place.rdv(...argv, '--timeout', '50ms')
      expect(flagged).toContain('timed out after 0.05 s')
    },
  )

  test('RDV_TIMEOUT is not for commands that do not wait', async () => {
    const place = new Place({ RDV_TIMEOUT: 'abc' })
    for (const argv of [
      ['signal', 'k'],
      ['get', 'k'],
      ['list'],
      ['clear', 'k'],
      ['probe', 'exec:true'],
    ]) {
      expect(await place.rdv(...argv)).toMatchObject({ code: 0 })
    }
    expect(await place.rdv('wait', 'k')).toMatchObject({ code: 2 })
    const eager = new Place({ RDV_TIMEOUT: '5s' })
    expect(await eager.rdv('probe', 'exec:false')).toMatchObject({ code: 1 })
  })

  test.each([
    { set: { RDV_TIMEOUT: 'abc' }, argv: ['wait', 'k'], says: 'rdv: RDV_TIMEOUT "abc" is no' },
    { set: { RDV_TIMEOUT: 'abc' }, argv: ['lock', 'l'], says: 'rdv: RDV_TIMEOUT "abc" is no' },
    {
      set: { RDV_TIMEOUT: '5s' },
      argv: ['wait', 'k', '--timeout', 'x'],
      says: '--timeout "x" is no',
    },
    { set: { RDV_EXIT_CODES: 'x=1' }, argv: ['get', 'k'], says: '"x=1" in RDV_EXIT_CODES is' },
    { set: { RDV_NAMESPACE: 'a=b' }, argv: ['get', 'k'], says: 'RDV_NAMESPACE: the namespace' },
    { set: { RDV_BACKEND: 'foo:' }, argv: ['get', 'k'], says: 'RDV_BACKEND: "foo:" is no' },
    { set: { RDV_BACKEND: 'http://h:x' }, argv: ['wait', 'k'], says: 'RDV_BACKEND: the URL' },
    { set: { RDV_LISTEN: 'x' }, argv: ['serve'], says: 'rdv: RDV_LISTEN "x" is not' },
    { set: { RDV_LOG_FORMAT: 'x' }, argv: ['serve'], says: 'rdv: RDV_LOG_FORMAT is "x"' },
    {
      set: { RDV_BACKEND: 'http://h', RDV_TOKEN: 'a b' },
      argv: ['get', 'k'],
      says: 'rdv: the token (RDV_TOKEN)',
    },
    {
      set: { RDV_BACKEND: 'http://h', RDV_TOKEN_FILE: '/dev/null' },
      argv: ['get', 'k'],
      says: 'rdv: the token (RDV_TOKEN_FILE)',
    },
  ])('a wrong variable is named: $set of $argv', async ({ set, argv, says }) => {
    const { code, stdout, stderr } = await new Place(set).rdv(...argv)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(lines(stderr)).toEqual([expect.stringContaining(says)])
  })

  test.each([
    { argv: ['lock', 'taken', '--', 'true'], code: 124 },
    { argv: ['once', 'taken', '--', 'true'], code: 0 },
    { argv: ['barrier', 'b', '--parties', '2'], code: 124 },
    { argv: ['counter', 'wait', 'n', '--at-least', '1'], code: 124 },
    { argv: ['subscribe', 't'], code: 124 },
    { argv: ['pipe', 'receive', 'p', '--group', 'g'], code: 124 },
  ])('RDV_TIMEOUT bounds $argv, as its help says', async ({ argv, code }) => {
    const place = new Place({ RDV_TIMEOUT: '300ms' })
    const holder = place.start('lock', 'taken', '--timeout', '0')
    await holder.says(/taken/)
    expect(await place.rdv(...argv)).toMatchObject({ code })
    const words = argv.slice(0, /^(counter|pipe)$/.test(argv[0] ?? '') ? 2 : 1)
    expect((await place.rdv(...words, '--help')).stdout).toContain('[env: RDV_TIMEOUT]')
  })

  test('a timeout of 0 is no limit', async () => {
    const place = new Place({ RDV_TIMEOUT: '50ms' })
    const waiting = place.start('wait', 'k', '--timeout', '0')
    await waiting.says(/waiting for k/)
    await place.rdv('signal', 'k')
    expect(await waiting.ended).toMatchObject({ code: 0 })
  })
})

describe('--json', () => {
  const parse = (text: string): unknown => {
    expect(lines(text)).toHaveLength(1)
    return JSON.parse(text)
  }

  test.each([
    { argv: ['get', 'k'], error: 'no', exitCode: 1 },
    { argv: ['get'], error: 'usage', exitCode: 2 },
    { argv: ['frobnicate'], error: 'usage', exitCode: 2 },
    { argv: ['wait', 'k', '--timeout', 'abc'], error: 'usage', exitCode: 2 },
    {
      argv: ['get', 'k', '--backend', 'sqlite:///dev/null/x'],
      error: 'unavailable',
      exitCode: 120,
    },
    { argv: ['wait', 'k', '--once'], error: 'no', exitCode: 1 },
    { argv: ['wait', 'k', '--once', '--exit-codes', 'no=8'], error: 'no', exitCode: 8 },
    { argv: ['probe', 'exec:false'], error: 'no', exitCode: 1 },
  ])('an error of $argv is an object on stdout', async ({ argv, error, exitCode }) => {
    const { code, stdout, stderr } = await new Place().rdv(...argv, '--json')
    expect(parse(stdout)).toEqual({ ok: false, error, exitCode, message: expect.any(String) })
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: '' })
  })

  test('of a timeout tells what was pending', async () => {
    const { code, stdout } = await new Place().rdv(...LATE, 'g/', '--json', '--quiet')
    expect(code).toBe(124)
    expect(parse(stdout)).toMatchObject({
      error: 'timeout',
      pending: [
        { target: 'k', reason: 'not signalled' },
        { target: 'g/', reason: 'has no members, needs at least 1' },
      ],
    })
  })

  test.each([
    { argv: ['wait', 'k', '--timeout', '50ms'], error: 'timeout', exitCode: 124 },
    { argv: ['wait', 'k', '--timeout', 'abc'], error: 'usage', exitCode: 2 },
    { argv: ['get', 'k'], error: 'usage', exitCode: 2 },
    { argv: ['signal', 'held', '--hold'], error: 'no', exitCode: 1 },
  ])('with a COMMAND an error of $argv is on stderr', async ({ argv, error, exitCode }) => {
    const place = new Place()
    const holder = place.start('signal', 'held', '--hold', '--json')
    await holder.says(/"held":true/)
    const { code, stdout, stderr } = await place.rdv(
      ...argv,
      '--json',
      '--quiet',
      '--',
      'echo',
      'x',
    )
    expect({ code, stdout }).toEqual({ code: exitCode, stdout: '' })
    expect(parse(stderr)).toMatchObject({ ok: false, error, exitCode })
  })

  test.each([
    { argv: ['signal', 'k', 'up'], result: { ok: true, key: 'k', state: 'up' } },
    {
      argv: ['signal', 'k', '--expire', '1m'],
      result: { ok: true, key: 'k', state: 'ready', expires: 60 },
    },
    { argv: ['wait', 'there'], result: { ok: true, targets: ['there'] } },
    { argv: ['get', 'there'], result: { ok: true, key: 'there', state: 'ready' } },
    { argv: ['clear', 'there', 'k'], result: { ok: true, cleared: ['there', 'k'] } },
    { argv: ['list', 'none/'], result: { ok: true, keys: [] } },
    { argv: ['probe', 'exec:true'], result: { ok: true, urls: ['exec:true#1'] } },
  ])('the result of $argv is one object', async ({ argv, result }) => {
    const place = new Place()
    await place.rdv('signal', 'there')
    const { code, stdout, stderr } = await place.rdv(...argv, '--json')
    expect(parse(stdout)).toEqual(result)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('leaves stdout to COMMAND', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    for (const argv of [
      ['wait', 'k'],
      ['probe', 'exec:true'],
      ['signal', 'h', '--hold'],
    ]) {
      const { stdout } = await place.rdv(...argv, '--json', '--', 'echo', 'mine')
      expect(stdout).toBe('mine\n')
    }
  })
})

test('--quiet says nothing but errors', async () => {
  const { code, stdout, stderr } = await new Place().rdv(
    'wait',
    'k',
    '--timeout',
    '700ms',
    '--quiet',
  )
  expect({ code, stdout }).toEqual({ code: 124, stdout: '' })
  expect(lines(stderr)).toEqual([expect.stringContaining('timed out')])
})

test.each([
  { script: 'rdv get k', code: 1 },
  { script: 'rdv wait k --timeout 700ms', code: 124 },
  { script: 'rdv frobnicate', code: 2 },
  { script: 'rdv signal k --hold --verbose -- true', code: 0 },
])('$script has its exit code though stderr cannot be written', async ({ script, code }) => {
  expect(await new Place().sh(`${script} 2>/dev/full`)).toMatchObject({ code })
  expect(await new Place().sh(`${script} 2>&-`)).toMatchObject({ code })
})

describe('help', () => {
  test('of rdv names every command and every exit code', async () => {
    const { code, stdout, stderr } = await new Place().rdv('--help')
    for (const word of ['wait', 'signal', 'get', 'clear', 'list', 'probe', 'serve', 'doctor']) {
      expect(stdout).toMatch(new RegExp(`^ +${word} `, 'm'))
    }
    for (const name of [
      'no',
      'usage',
      'unavailable',
      'lost',
      'indeterminate',
      'conflict',
      'timeout',
    ]) {
      expect(stdout).toMatch(new RegExp(`^ +\\d+ +${name} `, 'm'))
    }
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test.each(['wait', 'signal', 'get', 'clear', 'list', 'probe', 'serve', 'doctor'])(
    'of %s',
    async (name) => {
      for (const argv of [
        [name, '--help'],
        ['--help', name],
        [name, '-h'],
      ]) {
        const { code, stdout } = await new Place().rdv(...argv)
        expect(stdout).toContain(`rdv ${name}`)
        expect(stdout).toContain('--backend')
        expect(code).toBe(0)
      }
    },
  )
})
