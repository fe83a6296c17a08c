import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/commands/index.ts'
import { JSON_RESULTS } from '../../src/commands/json-results.ts'
import { lines, Place } from './rdv.ts'

/** `Place` checks each line that a run with `--json` prints against the schemas of its command. */

/** The commands that end by themselves, with their words. They run one after the other in one place. */
const RUNS: readonly (readonly [id: string, words: string])[] = [
  ['signal', 'signal deploy/a'],
  ['signal', 'signal deploy/b busy --expire 1h'],
  ['get', 'get deploy/a'],
  ['list', 'list'],
  ['wait', 'wait deploy/a'],
  ['barrier', 'barrier start --parties 1'],
  ['counter:inc', 'counter inc n --by 9223372036854775000'],
  ['counter:dec', 'counter dec n'],
  ['counter:get', 'counter get n'],
  ['counter:set', 'counter set n 5'],
  ['counter:wait', 'counter wait n --at-least 5'],
  ['waitgroup:add', 'waitgroup add g 2'],
  ['waitgroup:done', 'waitgroup done g'],
  ['waitgroup:done', 'waitgroup done g'],
  ['waitgroup:wait', 'waitgroup wait g --expect 2'],
  ['id', 'id --count 3'],
  ['publish', 'publish t one two'],
  ['subscribe', 'subscribe t --from start --count 2'],
  ['probe', 'probe file:///etc/passwd'],
  ['doctor', 'doctor'],
  ['completion', 'completion bash'],
  ['status', 'status'],
  ['clear', 'clear deploy/ --recursive'],
]

/** The commands whose objects the other tests of this file check. */
const OTHERS = ['elect', 'leader', 'lock', 'once', 'pipe:receive', 'pipe:send', 'serve']

/** The objects in the output. */
const objects = (text: string): Record<string, unknown>[] =>
  lines(text).map((line) => JSON.parse(line))

describe('with --json', () => {
  test('every command has a schema, and a run', () => {
    const ids = [...COMMANDS.keys()].sort()
    expect(Object.keys(JSON_RESULTS).sort()).toEqual(ids)
    const run = new Set([...RUNS.map(([id]) => id), ...OTHERS, 'precompile'])
    expect([...run].sort()).toEqual(ids)
  })

  test('each command prints what its schema says', async () => {
    const place = new Place()
    for (const [, words] of RUNS) {
      const { code, stdout } = await place.rdv(...words.split(' '), '--json')
      const printed = objects(stdout)
      expect([words, code]).toEqual([words, 0])
      expect(printed.length, words).toBeGreaterThan(0)
      for (const each of printed) expect(each.ok, words).toBe(true)
    }
  })

  test('numbers of 64 bits are text', async () => {
    const place = new Place()
    const inc = await place.rdv('counter', 'inc', 'n', '--by', '9223372036854775807', '--json')
    const id = await place.rdv('id', '--json')
    expect(objects(inc.stdout)).toEqual([{ ok: true, name: 'n', value: '9223372036854775807' }])
    expect(objects(id.stdout)).toEqual([{ ok: true, id: expect.stringMatching(/^\d+$/) }])
  })

  test('the token of a lock is text, there and in the status', async () => {
    const place = new Place()
    const lock = place.start('lock', 'l', '--json')
    const [line] = await lock.says(/^\{.*\}$/m)
    const { token } = JSON.parse(line)
    const { stdout } = await place.rdv('status', '--json')
    lock.kill('SIGTERM')
    await lock.ended
    expect(token).toMatch(/^\d+$/)
    expect(objects(stdout)).toEqual([
      { ok: true, status: [expect.objectContaining({ kind: 'lock', state: 'holds', token })] },
    ])
  })

  test.for(['one', '--events'])('the token of a leader is text: %s', async (more) => {
    const place = new Place()
    const words = more === 'one' ? ['--id', 'one'] : ['--id', 'one', more]
    const elect = place.start('elect', 'e', ...words, '--json')
    const [line] = await elect.says(/^\{.*"token".*\}$/m)
    const { stdout } = await place.rdv('leader', 'e', '--json')
    elect.kill('SIGTERM')
    await elect.ended
    const { token } = JSON.parse(line)
    expect(token).toMatch(/^\d+$/)
    expect(objects(stdout)).toEqual([{ ok: true, name: 'e', leader: 'one', token }])
  })

  test('changes of a list, and of a leader, are an object each', async () => {
    const place = new Place()
    const list = place.start('list', '--watch', '--json')
    const leader = place.start('leader', 'e', '--watch', '--json')
    await leader.says(/"leader":null/)
    await place.rdv('signal', 'a')
    await list.says(/"event":"join"/)
    await place.rdv('signal', 'a', 'busy')
    await list.says(/"event":"change"/)
    for (const each of [list, leader]) each.kill('SIGTERM')
    const events = objects((await list.ended).stdout)
    expect(events).toEqual([
      { ok: true, event: 'join', key: 'a', state: 'ready' },
      { ok: true, event: 'change', key: 'a', state: 'busy' },
      expect.objectContaining({ ok: false, error: 'interrupted', exitCode: 143 }),
    ])
    expect(objects((await leader.ended).stdout)[0]).toEqual({ ok: true, name: 'e', leader: null })
  })

  test('once tells on stderr whether it ran', async () => {
    const place = new Place()
    const first = await place.rdv('once', 'o', '--json', '--', 'true')
    const second = await place.rdv('once', 'o', '--json', '--', 'true')
    expect(objects(first.stderr)).toEqual([{ ok: true, name: 'o', ran: true, exitCode: 0 }])
    expect(objects(second.stderr)).toEqual([expect.objectContaining({ ok: true, ran: false })])
  })

  test('both ends of a pipe', async () => {
    const place = new Place()
    const receiver = place.start('pipe', 'receive', 'p', '--group', 'g', '--count', '2', '--json')
    const sender = place.startWithInput('pipe', 'send', 'p', '--min', '1', '--json')
    sender.stdin.end(Buffer.from('text\n\xff\n', 'latin1'))
    const [sent, received] = await Promise.all([sender.ended, receiver.ended])
    expect(objects(received.stdout)).toEqual([
      { ok: true, message: 'text' },
      { ok: true, base64: '/w==' },
    ])
    expect(objects(sent.stdout)).toEqual([{ ok: true, pipe: 'p', sent: 2, dropped: 0 }])
  })

  test('a server says where it listens', async () => {
    const server = new Place().start('serve', '--listen', '127.0.0.1:0', '--json')
    const [line] = await server.says(/^\{.*\}$/m)
    server.kill('SIGTERM')
    await server.ended
    expect(JSON.parse(line)).toEqual({
      ok: true,
      url: expect.stringMatching(/^http:/),
      backend: 'memory:',
    })
  })

  test('a failure has its kind and its code', async () => {
    const place = new Place()
    const { stdout } = await place.rdv('wait', 'never', '--timeout', '100ms', '--json')
    expect(objects(stdout)).toEqual([
      expect.objectContaining({ ok: false, error: 'timeout', exitCode: 124 }),
    ])
    expect(objects((await place.rdv('get', 'never', '--json')).stdout)).toEqual([
      expect.objectContaining({ ok: false, error: 'no', exitCode: 1 }),
    ])
    expect(objects((await place.rdv('nonsense', '--json')).stdout)).toEqual([
      expect.objectContaining({ ok: false, error: 'usage', exitCode: 2 }),
    ])
  })
})
