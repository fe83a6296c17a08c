import { hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { namespaceOf, urlOf } from './pipes.ts'
import { lines, Place, type Running } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

const local = { scheme: 'sqlite', start: async () => undefined }

besideEach([local, ...REMOTE_STORES], 'status on $scheme', ({ start }) => {
  let store: Service | undefined
  beforeAll(async () => {
    store = await start()
  })
  afterAll(() => store?.stop())

  /** Waits until a status has a line that matches. */
  const untilShown = async (watching: Running, pattern: RegExp) => watching.says(pattern)

  test('shows who holds, waits, leads, sends and receives', async () => {
    const here = new Place(store && { RDV_BACKEND: store.url })
    const watching = here.start('status', '--watch')
    const held = here.start('signal', 'deploy/a', 'busy', '--hold')
    const first = here.start('lock', 'l')
    await first.says(/./)
    const second = here.start('lock', 'l')
    const leader = here.start('elect', 'e', '--id', 'n1')
    await leader.says(/./)
    const waiting = here.start('barrier', 'b', '--parties', '2')
    const sender = here.startWithInput('pipe', 'send', 'p', '--group', 'g')
    const member = here.start('pipe', 'receive', 'p', '--group', 'g')
    await here.rdv('counter', 'inc', 'c')
    await here.rdv('waitgroup', 'add', 'w', '2')
    await here.rdv('publish', 't', 'one', 'two')
    const url = await urlOf(await namespaceOf(here), 'p', 'g')
    for (const pattern of [
      /^lock\tl\twaits/m,
      /^barrier\tb\twaits/m,
      /^pipe\tp\/g\treceives/m,
      /^signal\tdeploy\/a/m,
      /^topic\tt\t/m,
    ]) {
      await untilShown(watching, pattern)
    }
    const { code, stdout, stderr } = await here.rdv('status')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const rows = lines(stdout).map((line) => line.split('\t'))
    const me = hostname()
    const by = (running: Running) => [me, String(running.pid), expect.any(String)]
    expect(rows).toEqual([
      ['signal', 'deploy/a', 'busy', '', ...by(held)],
      ['group', 'deploy/', '0 of 1 ready', '', '', '', ''],
      ['lock', 'l', 'holds', '', ...by(first)],
      ['lock', 'l', 'waits', '', ...by(second)],
      ['election', 'e', 'leads', 'n1', ...by(leader)],
      ['counter', 'c', '1', '', '', '', ''],
      ['waitgroup', 'w', 'pending=2 added=2', '', '', '', ''],
      ['barrier', 'b', '1 of 2 arrived', '', '', '', ''],
      ['barrier', 'b', 'waits', '', ...by(waiting)],
      ['pipe', 'p', 'sends', '', ...by(sender)],
      ['pipe', 'p/g', url, '', ...by(sender)],
      ['pipe', 'p/g', 'receives', '', ...by(member)],
      ['topic', 't', 'messages 1 to 2', '', '', '', ''],
    ])
    const { stdout: json } = await here.rdv('status', '--json')
    expect(JSON.parse(json)).toMatchObject({ ok: true })
    expect(JSON.parse(json).status[2]).toEqual({
      kind: 'lock',
      name: 'l',
      state: 'holds',
      token: expect.stringMatching(/^\d+$/),
      holder: { kind: 'hold', host: me, pid: first.pid, since: expect.any(String) },
    })
    watching.kill('SIGINT')
    expect((await watching.ended).code).toBe(130)
  })
})

describe('status', () => {
  test('on a terminal is aligned, with a header', async () => {
    const here = new Place()
    await here.rdv('counter', 'inc', 'builds')
    const { stdout } = await here.sh('script --quiet --command "rdv status" /dev/null')
    expect(stdout.replaceAll('\r', '').replace(/ +$/gm, '')).toBe(
      'KIND     NAME    STATE  ID  HOST  PID  SINCE\ncounter  builds  1\n',
    )
  })

  test('on a terminal tells local times and ages, elsewhere the moment', async () => {
    const here = new Place({ TZ: 'Asia/Kathmandu' })
    const holding = here.start('lock', 'l')
    await holding.says(/./)
    const { stdout } = await here.sh('script --quiet --command "rdv status" /dev/null')
    const [, local = '', age] = /(\S+) (\(\d+ s\))\s*$/.exec(stdout) ?? []
    expect(age).toBeDefined()
    const [plain = ''] = lines((await here.rdv('status')).stdout)
    const since = plain.split('\t').at(-1) ?? ''
    expect(since).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    const inKathmandu = new Date(Date.parse(since) + (5 * 60 + 45) * 60_000)
    expect(local).toBe(inKathmandu.toISOString().slice(11, 19))
    const json = JSON.parse((await here.rdv('status', '--json')).stdout)
    expect(json.status[0].holder.since).toBe(since)
  })

  test('of nothing is nothing, and takes no arguments', async () => {
    const here = new Place()
    expect(await here.rdv('status')).toMatchObject({ code: 0, stdout: '' })
    expect(await here.rdv('status', 'deploy/')).toMatchObject({ code: 2, stdout: '' })
  })

  test('--watch --json is an object a line', async () => {
    const here = new Place()
    const watching = here.start('status', '--watch', '--json')
    await watching.says(/"status":\[\]/)
    await here.rdv('counter', 'inc', 'builds')
    await watching.says(/"builds"/)
    watching.kill('SIGTERM')
    const { code, stdout } = await watching.ended
    expect(code).toBe(143)
    expect(lines(stdout).map((line) => JSON.parse(line))).toEqual([
      { ok: true, status: [] },
      { ok: true, status: [{ kind: 'counter', name: 'builds', state: '1' }] },
      expect.objectContaining({ ok: false, error: 'interrupted' }),
    ])
  })
})
