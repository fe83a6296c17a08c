import { hostname } from 'node:os'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { besideEach } from '../side-by-side.ts'
import { STORES, startedStore } from './queues.ts'
import { Place, type Running } from './rdv.ts'

/** The output of a caller that does not run COMMAND. */
const SKIPPED =
  /^rdv: o was already done by pid \d+ on \S+ at \d\d:\d\d:\d\d \(\d+ s ago\): COMMAND was not run\n$/

const loop = 'echo "pid $$"; while :; do sleep 0.05; done'

besideEach(STORES, 'rdv once on $scheme', ({ start }) => {
  const store = startedStore(start, 'once')
  const fresh = () => store.queue('o')

  test('of many at the same time one runs COMMAND, and all end with 0', async () => {
    const { place, stop } = fresh()
    const script = 'echo ran; sleep 0.3'
    const callers = Array.from({ length: 6 }, () =>
      place.rdv('once', 'o', '--', 'sh', '-c', script),
    )
    const ended = await Promise.all(callers)
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0, 0])
    expect(ended.map(({ stdout }) => stdout).join('')).toBe('ran\n')
    // On a slow machine, a caller first prints which process runs COMMAND.
    const said = ended
      .filter(({ stdout }) => stdout === '')
      .map(({ stderr }) => stderr.replace(/^rdv: waiting for o \(held by .*\)\n/, ''))
    expect(said).toEqual(Array.from({ length: 5 }, () => expect.stringMatching(SKIPPED)))
    const late = await place.rdv('once', 'o', '--', 'echo', 'late')
    expect(late).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(SKIPPED) })
    expect(await place.rdv('clear', 'o', '--all')).toMatchObject({ code: 0 })
    expect((await place.rdv('once', 'o', '--', 'echo', 'anew')).stdout).toBe('anew\n')
    await stop()
  })

  test('one that fails hands on its exit code, and the next one runs it', async () => {
    const { place, until, stop } = fresh()
    const failing = place.startWithInput('once', 'o', '--', 'sh', '-c', 'echo up; read x; exit 7')
    await failing.says(/up/)
    const next = place.start('once', 'o', '--', 'echo', 'next')
    await until(2)
    failing.stdin.end()
    expect(await failing.ended).toMatchObject({ code: 7 })
    expect(await next.ended).toMatchObject({ code: 0, stdout: 'next\n' })
    await stop()
  })

  test('one that is killed is followed by the next', async () => {
    const { place, until, stop } = fresh()
    const first = place.start('once', 'o', '--ttl', '5s', '--', 'sh', '-c', loop)
    await first.says(/pid/)
    const waiting: Running[] = []
    for (let i = 0; i < 2; i++) {
      waiting.push(place.start('once', 'o', '--', 'sh', '-c', 'echo ran; sleep 0.3'))
      await until(i + 2)
    }
    expect(await place.rdv('once', 'o', '--try', '--', 'echo', 'ran')).toMatchObject({
      code: 1,
      stdout: '',
    })
    first.kill('SIGKILL')
    const ended = await Promise.all(waiting.map(({ ended }) => ended))
    expect(ended.map(({ code }) => code)).toEqual([0, 0])
    expect(ended.map(({ stdout }) => stdout)).toEqual(['ran\n', ''])
    await stop()
  })

  test('one whose session is revoked is killed, 121, and records nothing', async () => {
    const { place, until, members, stop } = fresh()
    const first = place.start('once', 'o', '--ttl', '1m', '--', 'sh', '-c', loop)
    await first.says(/pid/)
    await until(1)
    await store.revoke(members()[0]?.lease)
    expect(await first.ended).toMatchObject({ code: 121 })
    expect(await place.rdv('once', 'o', '--', 'echo', 'ran')).toMatchObject({ stdout: 'ran\n' })
    await stop()
  })

  test('told to end while it waits, it leaves the queue, with 143', async () => {
    const { place, until, stop } = fresh()
    const first = place.start('once', 'o', '--', 'sh', '-c', loop)
    await first.says(/pid/)
    const second = place.start('once', 'o', '--', 'echo', 'ran')
    await until(2)
    second.kill('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 143, stdout: '' })
    await until(1)
    expect(await place.rdv('once', 'o', '--timeout', '5s', '--', 'echo', 'ran')).toMatchObject({
      code: 124,
      stdout: '',
    })
    first.kill('SIGTERM')
    expect(await first.ended).toMatchObject({ code: 143 })
    await stop()
  })
})

describe('rdv once', () => {
  test('says with --json on stderr whether it ran, else who did and when', async () => {
    const place = new Place()
    const once = (...command: string[]) => place.rdv('once', 'o', '--json', '--', ...command)
    const failed = await once('sh', '-c', 'exit 7')
    expect(failed).toMatchObject({ code: 7, stdout: '' })
    expect(JSON.parse(failed.stderr)).toEqual({ ok: false, name: 'o', ran: true, exitCode: 7 })
    const running = place.start('once', 'o', '--json', '--', 'echo', 'mine')
    const ran = await running.ended
    expect(ran).toMatchObject({ code: 0, stdout: 'mine\n' })
    expect(JSON.parse(ran.stderr)).toEqual({ ok: true, name: 'o', ran: true, exitCode: 0 })
    const skipped = await once('echo', 'again')
    expect(skipped).toMatchObject({ code: 0, stdout: '' })
    const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/)
    const by = { host: hostname(), pid: running.pid, at }
    expect(JSON.parse(skipped.stderr)).toEqual({ ok: true, name: 'o', ran: false, by })
    const { stdout } = await place.rdv('status', '--json')
    expect(JSON.parse(stdout).status).toMatchObject([
      { kind: 'once', name: 'o', state: 'done', holder: { host: hostname(), pid: running.pid } },
    ])
  })

  test('that is skipped says nothing with --quiet', async () => {
    const place = new Place()
    await place.rdv('once', 'o', '--', 'true')
    const { stdout, stderr } = await place.rdv('once', 'o', '--quiet', '--', 'true')
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' })
  })

  test('knows a record of another program, which tells nobody', async () => {
    const place = new Place()
    await place.rdv('once', 'o', '--', 'true')
    const database = new DatabaseSync(place.file)
    const write = database.prepare("update entry set value = ? where key = 'rdv/once/o'")
    for (const value of ['by hand', 'null', '{"host":1}']) {
      expect(write.run(Buffer.from(value)).changes).toBe(1)
      const skipped = await place.rdv('once', 'o', '--', 'echo', 'ran')
      const stderr = expect.stringContaining('rdv: o was already done')
      expect(skipped).toMatchObject({ code: 0, stdout: '', stderr })
    }
    database.close()
  })

  test.each([
    [['once', 'o']],
    [['once']],
    [['once', 'o', '--expire', '0', '--', 'true']],
    [['once', 'o', '--expire', 'soon', '--', 'true']],
  ])('%j is a usage error', async (argv) => {
    expect(await new Place().rdv(...argv)).toMatchObject({ code: 2, stdout: '' })
  })

  test('with --expire may run anew after it', async () => {
    const place = new Place()
    const run = (text: string) =>
      place.rdv('once', 'o', '--expire', '300ms', '--', 'echo', text).then(({ stdout }) => stdout)
    expect(await run('one')).toBe('one\n')
    const script =
      'until rdv once o --expire 1h -- sh -c "echo again; touch $0" && [ -e "$0" ]; do :; done'
    const again = await place.sh(`${script.replaceAll('$0', `${place.directory}/ran`)}`)
    expect(again.stdout).toBe('again\n')
    expect(await run('late')).toBe('')
  })
})
