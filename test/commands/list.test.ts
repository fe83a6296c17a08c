import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { lines, Place } from './rdv.ts'

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

describe('list', () => {
  test('of nothing is nothing', async () => {
    expect(await new Place().rdv('list')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
  })

  test('has key, state, host, pid and since, between tabs and without a header', async () => {
    const place = new Place()
    await place.rdv('signal', 'b', 'two words')
    await place.rdv('signal', 'a/c', '--expire', '1h')
    const holder = place.start('signal', 'held', 'busy', '--hold')
    await place.until('held')
    const { code, stdout, stderr } = await place.rdv('list')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const rows = lines(stdout).map((line) => line.split('\t'))
    expect(rows).toEqual([
      ['a/c', 'ready', hostname(), expect.any(String), expect.stringMatching(ISO)],
      ['b', 'two words', '', '', ''],
      ['held', 'busy', hostname(), String(holder.pid), expect.stringMatching(ISO)],
    ])
  })

  test('as JSON is one object', async () => {
    const place = new Place()
    await place.rdv('signal', 'b', 'up')
    const holder = place.start('signal', 'held', 'busy', '--hold')
    await place.until('held')
    const { stdout } = await place.rdv('list', '--json')
    expect(lines(stdout)).toHaveLength(1)
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      keys: [
        { key: 'b', state: 'up' },
        {
          key: 'held',
          state: 'busy',
          holder: {
            kind: 'hold',
            host: hostname(),
            pid: holder.pid,
            since: expect.stringMatching(ISO),
          },
        },
      ],
    })
  })

  test.each([
    ['g/', ['g/1', 'g/a/b']],
    ['g', ['g/1', 'g/a/b']],
    ['g/a/', ['g/a/b']],
    ['none/', []],
  ])('of %s has what lies below it', async (group, keys) => {
    const place = new Place()
    for (const key of ['g/1', 'g/a/b', 'gx/1', 'g']) await place.rdv('signal', key)
    const { stdout } = await place.rdv('list', group)
    expect(lines(stdout).map((line) => line.split('\t')[0])).toEqual(keys)
  })

  test('of a key that is no group says what there is', async () => {
    const place = new Place()
    await place.rdv('signal', 'cfg')
    const { code, stdout, stderr } = await place.rdv('list', 'cfg')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(/^rdv: the group cfg\/ is empty, but there is a key cfg: rdv get cfg/)
    expect(await place.rdv('list', 'cfg', '--quiet')).toMatchObject({ code: 0, stderr: '' })
    expect(await place.rdv('list', 'cfg/')).toMatchObject({ code: 0, stderr: '' })
  })

  test('on a terminal is aligned, with a header', async () => {
    const place = new Place()
    await place.rdv('signal', 'long/name')
    await place.rdv('signal', 'k', 'up')
    const { stdout } = await place.sh('script --quiet --command "rdv list" /dev/null')
    expect(stdout.replaceAll('\r', '').replace(/ +$/gm, '')).toBe(
      'KEY        STATE  HOST  PID  SINCE\nk          up\nlong/name  ready\n',
    )
  })
})

test('list on a terminal tells local times and ages', async () => {
  const place = new Place()
  const holding = place.start('signal', 'k', '--hold')
  await place.until('k')
  const { stdout } = await place.sh('script --quiet --command "rdv list" /dev/null')
  expect(stdout).toMatch(/ \d\d:\d\d:\d\d \(\d+ s\)\r\n$/)
  holding.kill('SIGTERM')
  await holding.ended
})

describe('list --watch', () => {
  test('streams what is there, then joins, changes and leaves', async () => {
    const place = new Place()
    await place.rdv('signal', 'old', 'up')
    const watching = place.start('list', '--watch')
    await watching.says(/^join\told\tup\t\t\t$/m)
    const holder = place.start('signal', 'g/1', 'busy', '--hold')
    await watching.says(new RegExp(`^join\tg/1\tbusy\t.+\t${holder.pid}\t`, 'm'))
    await place.rdv('signal', 'g/1', 'ready')
    await watching.says(new RegExp(`^change\tg/1\tready\t.+\t${holder.pid}\t`, 'm'))
    holder.kill('SIGKILL')
    await watching.says(new RegExp(`^leave\tg/1\tready\t.+\t${holder.pid}\t`, 'm'))
    await place.rdv('clear', 'old')
    await watching.says(/^leave\told\tup/m)
    watching.kill('SIGTERM')
    const { code, stdout, stderr } = await watching.ended
    expect({ code, stderr }).toEqual({ code: 143, stderr: '' })
    expect(lines(stdout)).toHaveLength(5)
  })

  test('says what it watches where the slash of a group was left out', async () => {
    const place = new Place()
    const watching = place.start('list', 'cfg', '--watch')
    await watching.says(/^rdv: watching the group cfg\/, which does not include the key cfg$/m)
    await place.rdv('signal', 'cfg')
    await place.rdv('signal', 'cfg/a')
    await watching.says(/^join\tcfg\/a\t/m)
    watching.kill('SIGTERM')
    const { stdout } = await watching.ended
    expect(lines(stdout)).toHaveLength(1)
  })

  test('as JSON is an object a line, of one group', async () => {
    const place = new Place()
    const watching = place.start('list', 'g/', '--watch', '--json')
    await place.rdv('signal', 'other')
    await place.rdv('signal', 'g/1', 'up')
    await watching.says(/up/)
    watching.kill('SIGINT')
    const { code, stdout } = await watching.ended
    expect(code).toBe(130)
    expect(JSON.parse(lines(stdout)[0] ?? '')).toEqual({
      ok: true,
      event: 'join',
      key: 'g/1',
      state: 'up',
    })
  })

  test('sees a key that a holder lets go and another takes', async () => {
    const place = new Place()
    const watching = place.start('list', '--watch')
    for (let i = 0; i < 3; i++)
      await place.rdv('signal', 'k', `s${i}`, '--hold', '--', 'sleep', '0.1')
    await place.rdv('signal', 'k', 'last')
    await watching.says(/\tlast\t\t\t$/m)
    expect((await place.rdv('list')).stdout).toMatch(/^k\tlast\t/)
  })
})
