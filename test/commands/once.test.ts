import { describe, expect, test } from 'vitest'
import { STORES, startedStore } from './queues.ts'
import { Place, type Running } from './rdv.ts'

const loop = 'echo "pid $$"; while :; do sleep 0.05; done'

describe.each(STORES)('rdv once on $scheme', ({ start }) => {
  const store = startedStore(start, 'once')
  const fresh = () => store.queue('o')

  test('of many at the same time one runs COMMAND, and all end with 0', async () => {
    const { place, stop } = fresh()
    const script = 'echo ran; sleep 0.3'
    const callers = Array.from({ length: 6 }, () =>
      place.rdv('once', 'o', '--', 'sh', '-c', script),
    )
    const ended = await Promise.all(callers)
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      Array.from({ length: 6 }, () => ({ code: 0, stderr: '' })),
    )
    expect(ended.map(({ stdout }) => stdout).join('')).toBe('ran\n')
    const late = await place.rdv('once', 'o', '--', 'echo', 'late')
    expect(late).toMatchObject({ code: 0, stdout: '', stderr: '' })
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
    await store.revoke(members()[0]?.session)
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
    expect(await place.rdv('once', 'o', '--timeout', '2s', '--', 'echo', 'ran')).toMatchObject({
      code: 124,
      stdout: '',
    })
    first.kill('SIGTERM')
    expect(await first.ended).toMatchObject({ code: 143 })
    await stop()
  })
})

describe('rdv once', () => {
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
