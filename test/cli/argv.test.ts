import { describe, expect, test } from 'vitest'
import { nameFirst, splitAtCommand } from '../../src/cli/argv.ts'
import { takesValue } from '../../src/cli/flags/global-flags.ts'
import { Place } from '../commands/rdv.ts'

describe('the arguments are split', () => {
  test.each([
    { argv: [], own: [], command: undefined },
    { argv: ['wait', 'a'], own: ['wait', 'a'], command: undefined },
    { argv: ['wait', 'a', '--'], own: ['wait', 'a'], command: [] },
    { argv: ['--', 'echo'], own: [], command: ['echo'] },
    { argv: ['wait', 'a', '--', 'x', '--', 'y'], own: ['wait', 'a'], command: ['x', '--', 'y'] },
    { argv: ['wait', 'a', '--', '--', '--'], own: ['wait', 'a'], command: ['--', '--'] },
    { argv: ['wait', '', '--', '', ' '], own: ['wait', ''], command: ['', ' '] },
    { argv: ['wait', '--x', '---', '--', '-'], own: ['wait', '--x', '---'], command: ['-'] },
  ])('$argv at the first --', ({ argv, own, command }) => {
    expect(splitAtCommand(argv)).toEqual({ own, command })
  })
})

describe('flags before the name of the command', () => {
  const commands = ['get', 'wait', 'counter:inc']

  test.each([
    { typed: 'get k', parsed: 'get k' },
    { typed: '--json get k', parsed: 'get --json k' },
    { typed: '--timeout 5s wait k', parsed: 'wait --timeout 5s k' },
    { typed: '--timeout=5s --json wait k --any', parsed: 'wait --timeout=5s --json k --any' },
    { typed: '--namespace get get k', parsed: 'get --namespace get k' },
    { typed: '--json counter inc n', parsed: 'counter inc --json n' },
    {
      typed: '--backend memory: --exit-codes no=3 get',
      parsed: 'get --backend memory: --exit-codes no=3',
    },
    { typed: '--json', parsed: '--json' },
    { typed: '--timeout', parsed: '--timeout' },
  ])('$typed', ({ typed, parsed }) => {
    expect(nameFirst(typed.split(' '), commands, takesValue).join(' ')).toBe(parsed)
  })
})

describe('COMMAND', () => {
  /** Prints each argument between brackets, on a line of its own. */
  const show = ['sh', '-c', 'for word do printf "<%s>\\n" "$word"; done', 'show']

  test.each([
    [['echo', 'b', 'a']],
    [['a', 'a', 'wait', 'a', 'signal']],
    [['--json', '--help', '-h', '--version', '--timeout', 'abc', '--once']],
    [['--', 'x', '--', '--']],
    [['', '', 'x', '']],
    [[' a  b ', '\t', 'a\nb', "it's", '"', '\\', '$HOME', '`id`', '*', '~', '%s', '\u{1f680}é']],
    [['=', 'a=b', '-', '-x', '---', 'http://u:secret@h/']],
  ])('is handed %j byte for byte', async (words) => {
    const place = new Place()
    await place.rdv('signal', 'a')
    const { code, stdout, stderr } = await place.rdv('wait', 'a', '--', ...show, ...words)
    expect(stdout).toBe(words.map((word) => `<${word}>\n`).join(''))
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  })

  test('is handed on the same by who supervises it', async () => {
    const words = ['', '--', '--hold', 'a\nb', ' ', 'a', 'a']
    const place = new Place()
    const { code, stdout } = await place.rdv('signal', 'a', '--hold', '--', ...show, ...words)
    expect(stdout).toBe(words.map((word) => `<${word}>\n`).join(''))
    expect(code).toBe(0)
  })

  test('has its own --json: the errors of rdv stay as they were asked for', async () => {
    const place = new Place()
    const { code, stdout, stderr } = await place.rdv('get', 'a', '--', 'echo', '--json', '--quiet')
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^rdv: .*\n$/)
  })

  test('with an argument that is not UTF-8 is refused, for it would be changed', async () => {
    const place = new Place()
    const script = 'rdv "$@" "$(printf "a\\377b")"'
    const { code, stderr } = await place.sh(script, 'signal', 'k', '--hold', '--', 'echo')
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'rdv: the argument "a\ufffdb" is not UTF-8: write it in UTF-8\n',
    })
    const typed = await place.rdv('signal', 'k', '--hold', '--', 'echo', '\ufffd')
    expect({ code: typed.code, stdout: typed.stdout }).toEqual({ code: 0, stdout: '\ufffd\n' })
  })
})

describe('global flags', () => {
  test.each([
    [['--json', 'get', 'k']],
    [['get', '--json', 'k']],
    [['get', 'k', '--json']],
    [['--namespace', 'rdv', '--json', 'get', 'k']],
  ])('mean the same wherever they stand: %j', async (argv) => {
    const place = new Place()
    await place.rdv('signal', 'k', 'up')
    const { code, stdout } = await place.rdv(...argv)
    expect(JSON.parse(stdout)).toEqual({ ok: true, key: 'k', state: 'up' })
    expect(code).toBe(0)
  })

  test('keep namespaces apart', async () => {
    const place = new Place()
    await place.rdv('--namespace', 'one', 'signal', 'k', 'up')
    expect((await place.rdv('get', 'k')).code).toBe(1)
    expect((await place.rdv('get', 'k', '--namespace', 'one')).stdout).toBe('up\n')
  })
})

describe('stdin', () => {
  test('is left to the loop that runs rdv', async () => {
    const place = new Place()
    const script = `printf 'a\\nb\\n' | while read x; do rdv signal "$x" || exit; rdv get "$x" || exit; done`
    expect(await place.sh(script)).toMatchObject({ code: 0, stdout: 'ready\nready\n', stderr: '' })
    expect(await place.state('b')).toBe('ready')
  })

  test.each([
    ['wait', 'k'],
    ['get', 'k'],
    ['list'],
    ['probe', 'exec:true'],
    ['clear', 'k'],
    ['doctor'],
  ])('is not read by rdv %s', async (...argv) => {
    const place = new Place()
    await place.rdv('signal', 'k')
    const script = `printf 'left\\n' | { rdv "$@" >/dev/null && cat; }`
    expect(await place.sh(script, ...argv)).toMatchObject({ code: 0, stdout: 'left\n' })
  })

  test('belongs to COMMAND', async () => {
    const place = new Place()
    await place.rdv('signal', 'k')
    for (const argv of [
      ['wait', 'k'],
      ['signal', 'h', '--hold'],
    ]) {
      const script = `printf 'for command\\n' | rdv "$@" -- cat`
      expect(await place.sh(script, ...argv)).toMatchObject({ stdout: 'for command\n', code: 0 })
    }
  })
})
