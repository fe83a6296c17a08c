import { describe, expect, test } from 'vitest'
import { present } from '../backends/conformance/harness.ts'
import { gone } from '../child/harness.ts'
import { besideEach } from '../side-by-side.ts'
import { STORES, startedStore } from './queues.ts'
import { Place, type Running } from './rdv.ts'

const loop = 'echo "pid $$"; while :; do sleep 0.05; done'

besideEach(STORES, 'rdv lock on $scheme', ({ start }) => {
  const store = startedStore(start, 'lock')
  const fresh = () => store.queue('l')

  const tokenOf = async (running: Running): Promise<number> =>
    Number((await running.says(/token (\d+)/))[1])

  const child = ['--', 'sh', '-c', `echo "token $RDV_FENCING_TOKEN"; ${loop}`]

  test('without COMMAND prints key and token, holds, and lets go when it is told to end', async () => {
    const { place, until, members, stop } = fresh()
    const holder = place.start('lock', 'l')
    const [, key, token] = await holder.says(/^(\S+) (\d+)\n/)
    await until(1)
    expect(members()[0]?.key).toBe(key)
    expect(Number(token)).toBeGreaterThan(0)
    expect(await place.rdv('lock', 'l', '--try', '--', 'true')).toMatchObject({ code: 1 })
    expect(await place.rdv('lock', 'l', '--timeout', '5s', '--', 'true')).toMatchObject({
      code: 124,
      stderr: expect.stringContaining(`pid ${holder.pid}`),
    })
    const next = place.start('lock', 'l', '--', 'echo', 'next')
    await until(2)
    holder.kill('SIGTERM')
    expect(await holder.ended).toMatchObject({ code: 143, stderr: '' })
    expect(await next.ended).toMatchObject({ code: 0, stdout: 'next\n' })
    await stop()
  })

  test('tells COMMAND where it is; nested, the inner one counts', async () => {
    const { place, stop } = fresh()
    const script = 'echo "$RDV_KEY $RDV_LOCK_KEY $RDV_FENCING_TOKEN"'
    const nested = `${script}; rdv lock m -- sh -c '${script}'`
    const { code, stdout } = await place.rdv('lock', 'l', '--', 'sh', '-c', nested)
    expect(code).toBe(0)
    const [outer = '', inner = ''] = stdout.split('\n')
    expect(outer).toMatch(/^l case\d+\/lock\/l\/\S+ \d+$/)
    expect(inner).toMatch(/^m case\d+\/lock\/m\/\S+ \d+$/)
    await stop()
  })

  test('told to end while it queues, it leaves the queue, with 143', async () => {
    const { place, until, stop } = fresh()
    const holder = place.start('lock', 'l', '--', 'sh', '-c', loop)
    await holder.says(/pid/)
    const waiting = place.start('lock', 'l', '--', 'echo', 'ran')
    await until(2)
    waiting.kill('SIGTERM')
    expect(await waiting.ended).toMatchObject({ code: 143, stdout: '' })
    await until(1)
    holder.kill('SIGTERM')
    expect(await holder.ended).toMatchObject({ code: 143 })
    await stop()
  })

  test('with other slots than the holder’s it is a conflict, 123', async () => {
    const { place, stop } = fresh()
    const holder = place.start('lock', 'l', '--slots', '2', '--', 'sh', '-c', loop)
    await holder.says(/pid/)
    const other = await place.rdv('lock', 'l', '--slots', '3', '--', 'echo', 'ran')
    expect(other).toMatchObject({ code: 123, stdout: '' })
    expect(await place.rdv('lock', 'l', '--', 'echo', 'ran')).toMatchObject({
      code: 123,
      stdout: '',
    })
    const second = await place.rdv('lock', 'l', '--slots', '2', '--', 'echo', 'ran')
    expect(second).toMatchObject({ code: 0, stdout: 'ran\n' })
    holder.kill('SIGTERM')
    await holder.ended
    await stop()
  })

  test('the session revoked while it holds, COMMAND is killed at once, and it ends with 121', async () => {
    const { place, until, members, stop } = fresh()
    const holder = place.start(
      'lock',
      'l',
      '--ttl',
      '1m',
      '--',
      'sh',
      '-c',
      `trap '' TERM; ${loop}`,
    )
    const [, pid] = await holder.says(/pid (\d+)/)
    await until(1)
    const waiting = place.start('lock', 'l', ...child)
    await until(2)
    await store.revoke(members()[0]?.lease)
    const { code, stderr } = await holder.ended
    expect({ code, stderr }).toMatchObject({ code: 121, stderr: expect.stringContaining('rdv: ') })
    await gone(Number(pid))
    await waiting.says(/token/)
    waiting.kill('SIGTERM')
    await waiting.ended
    await stop()
  })

  test('the session revoked while it waits, it queues again and holds in its turn', async () => {
    const { place, until, members, stop } = fresh()
    const holder = place.start('lock', 'l', '--', 'sh', '-c', loop)
    await holder.says(/pid/)
    await until(1)
    const waiting = place.start('lock', 'l', '--', 'echo', 'ran')
    await until(2)
    await store.revoke(members()[1]?.lease)
    await waiting.says(/queueing again/)
    await until(2)
    holder.kill('SIGTERM')
    expect(await waiting.ended).toMatchObject({ code: 0, stdout: 'ran\n' })
    await holder.ended
    await stop()
  })

  test('stopped for longer than its TTL while it holds, it ends with 121, and the next token is newer', async () => {
    const { place, until, stop } = fresh()
    const holder = place.start('lock', 'l', '--ttl', '5s', ...child)
    const old = await tokenOf(holder)
    const [, pid] = await holder.says(/pid (\d+)/)
    const next = place.start('lock', 'l', ...child)
    await until(2)
    holder.kill('SIGSTOP')
    expect(await tokenOf(next)).toBeGreaterThan(old)
    holder.kill('SIGCONT')
    expect(await holder.ended).toMatchObject({ code: 121 })
    await gone(Number(pid))
    next.kill('SIGTERM')
    await next.ended
    await stop()
  })

  test('the holder killed, and the head of those who wait, the next one in order holds', async () => {
    const { place, until, stop } = fresh()
    const holder = place.start('lock', 'l', '--ttl', '5s', ...child)
    const old = await tokenOf(holder)
    const waiting: Running[] = []
    // the waiters that live on keep their queue entries, however slow the machine is
    for (const ttl of ['5s', '1m', '1m']) {
      waiting.push(place.start('lock', 'l', '--ttl', ttl, ...child))
      await until(waiting.length + 1)
    }
    waiting[0]?.kill('SIGKILL')
    holder.kill('SIGKILL')
    const second = await tokenOf(present(waiting[1]))
    expect(second).toBeGreaterThan(old)
    waiting[1]?.kill('SIGTERM')
    expect(await tokenOf(present(waiting[2]))).toBeGreaterThan(second)
    waiting[2]?.kill('SIGTERM')
    await Promise.all(waiting.map(({ ended }) => ended))
    await stop()
  })
})

describe('rdv lock', () => {
  test.each([
    [['lock']],
    [['lock', '']],
    [['lock', 'a/']],
    [['lock', 'l', '--slots', '0', '--', 'true']],
    [['lock', 'l', '--slots', 'two', '--', 'true']],
    [['lock', 'l', '--ttl', '0', '--', 'true']],
    [['lock', 'l', '--ttl', '4s', '--grace', '3s', '--', 'true']],
    [['lock', 'l', '--']],
  ])('%j is a usage error', async (argv) => {
    expect(await new Place().rdv(...argv)).toMatchObject({ code: 2, stdout: '' })
  })

  test('whose store is not there ends with 120 at the deadline', async () => {
    const place = new Place({ RDV_BACKEND: 'etcd://127.0.0.1:9' })
    const ended = await place.rdv('lock', 'l', '--timeout', '500ms', '--', 'echo', 'ran')
    expect(ended).toMatchObject({ code: 120, stdout: '' })
  })

  test.each([0, 7, 121])('hands on COMMAND’s exit code %i', async (code) => {
    const place = new Place()
    const ended = await place.rdv('lock', 'l', '--', 'sh', '-c', `exit ${code}`)
    expect(ended).toMatchObject({ code, stdout: '', stderr: '' })
  })
})

test.each([
  { name: 'a && b', hint: "sh -c 'a && b'" },
  { name: 'npm start', hint: "sh -c 'npm start'" },
  { name: 'cd', hint: "sh -c 'cd …'" },
])(
  'a COMMAND that only a shell would understand, $name, is 127 and says what to write',
  async ({ name, hint }) => {
    const { code, stdout, stderr } = await new Place().rdv('lock', 'd', '--', name)
    expect({ code, stdout }).toEqual({ code: 127, stdout: '' })
    expect(stderr).toContain(`command not found; `)
    expect(stderr).toContain(hint)
  },
)
