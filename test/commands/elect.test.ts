import { describe, expect, test } from 'vitest'
import { gone } from '../child/harness.ts'
import { besideEach } from '../side-by-side.ts'
import { STORES, startedStore } from './queues.ts'
import { lines, Place, type Running } from './rdv.ts'

const child = [
  '--',
  'sh',
  '-c',
  'echo "token $RDV_FENCING_TOKEN pid $$"; while :; do sleep 0.05; done',
]

const tokenOf = async (running: Running): Promise<number> =>
  Number((await running.says(/token (\d+)/))[1])

const end = async (running: Running): Promise<void> => {
  running.kill('SIGTERM')
  await running.ended
}

besideEach(STORES, 'rdv elect on $scheme', ({ start }) => {
  const store = startedStore(start, 'election')
  const fresh = () => store.queue('e')

  test('leads with id and token until it is told to end, and the next one follows', async () => {
    const { place, until, stop } = fresh()
    expect(await place.rdv('leader', 'e')).toMatchObject({ code: 1, stdout: '' })
    const watching = place.start('leader', 'e', '--watch')
    const first = place.start('elect', 'e', '--id', 'one')
    const [, token] = await first.says(/^one (\d+)\n/)
    expect(await place.rdv('leader', 'e')).toMatchObject({ code: 0, stdout: 'one\n' })
    expect(await place.rdv('elect', 'e', '--try')).toMatchObject({ code: 1, stdout: '' })
    const second = place.start('elect', 'e', '--id', 'two')
    await until(2)
    first.kill('SIGTERM')
    expect(await first.ended).toMatchObject({ code: 143, stderr: '' })
    const [, newer] = await second.says(/^two (\d+)\n/)
    expect(Number(newer)).toBeGreaterThan(Number(token))
    await watching.says(/one\n\n?two\n/)
    await end(second)
    await watching.says(/two\n\n/)
    await end(watching)
    await stop()
  })

  test('runs COMMAND as leader, and resigns with its exit code', async () => {
    const { place, stop } = fresh()
    const script = 'echo "$RDV_KEY $(rdv leader e)"; exit 7'
    const ended = await place.rdv('elect', 'e', '--id', 'me', '--', 'sh', '-c', script)
    expect(ended).toMatchObject({ code: 7, stdout: 'e me\n', stderr: '' })
    expect(await place.rdv('leader', 'e')).toMatchObject({ code: 1 })
    await stop()
  })

  test('the leader killed, the next one leads in time, with a newer token', async () => {
    const { place, until, stop } = fresh()
    const { traits } = store
    // if the store sees the death itself, the TTL must not matter
    const ttl = traits.seesDeath ? 60_000 : Math.max(5_000, traits.minTtl)
    const first = place.start('elect', 'e', '--ttl', `${ttl}ms`, ...child)
    const token = await tokenOf(first)
    const second = place.start('elect', 'e', ...child)
    await until(2)
    const killed = performance.now()
    first.kill('SIGKILL')
    expect(await tokenOf(second)).toBeGreaterThan(token)
    // if the store sees the death, this is far less than the TTL, even on a slow machine
    const limit = 20_000 + (traits.seesDeath ? 0 : traits.expiryFactor * ttl)
    expect(performance.now() - killed).toBeLessThan(limit)
    await end(second)
    await stop()
  })

  test('its session revoked, COMMAND is killed, 121; with --again it campaigns again', async () => {
    const { place, until, members, stop } = fresh()
    const first = place.start('elect', 'e', '--ttl', '1m', ...child)
    const [, pid] = await first.says(/pid (\d+)/)
    await until(1)
    await store.revoke(members()[0]?.lease)
    expect(await first.ended).toMatchObject({ code: 121 })
    await gone(Number(pid))
    const second = place.start('elect', 'e', '--ttl', '1m', '--again', ...child)
    const [, before] = await second.says(/token (\d+)/)
    await until(1)
    await store.revoke(members()[0]?.lease)
    const [, after] = await second.says(/token \d+ pid \d+\ntoken (\d+)/)
    expect(Number(after)).toBeGreaterThan(Number(before))
    second.kill('SIGTERM')
    expect(await second.ended).toMatchObject({ code: 143 })
    await until(0)
    await stop()
  })

  test('--events tells of elections, losses and peers', async () => {
    const { place, until, members, stop } = fresh()
    const first = place.start('elect', 'e', '--id', 'one')
    await first.says(/^one/)
    const second = place.start('elect', 'e', '--id', 'two', '--events', '--again')
    await second.says(/"event":"follower".*\n/)
    const third = place.start('elect', 'e', '--id', 'three')
    await until(3)
    await second.says(/"event":"peer-join","id":"three".*\n/)
    await end(first)
    await second.says(/"event":"elected".*\n/)
    await until(2)
    await store.revoke(members()[0]?.lease)
    await third.says(/^three/)
    await second.says(/"event":"lost"[\s\S]*"event":"follower".*\n/)
    await end(third)
    await second.says(/"event":"lost"[\s\S]*"event":"elected".*\n/)
    second.kill('SIGTERM')
    const { code, stdout } = await second.ended
    expect(code).toBe(143)
    const events = lines(stdout).map((line) => JSON.parse(line))
    const own = events.filter(({ id }) => id === 'two')
    expect(own.map(({ event }) => event)).toEqual([
      'follower',
      'elected',
      'lost',
      'follower',
      'elected',
    ])
    const follower = { ok: true, event: 'follower', id: 'two', leader: 'one', peers: ['one'] }
    expect(own[0]).toEqual(follower)
    expect(own[1]).toMatchObject({
      id: 'two',
      leader: 'two',
      token: expect.stringMatching(/^\d+$/),
    })
    expect(own[3]).toMatchObject({ leader: 'three', peers: ['three'] })
    expect(BigInt(own[4].token)).toBeGreaterThan(BigInt(own[1].token))
    const peers = events.filter(({ id }) => id !== 'two').map(({ event, id }) => `${event} ${id}`)
    expect(peers).toEqual([
      'peer-join one',
      'peer-join three',
      'peer-leave one',
      'peer-leave three',
    ])
    await stop()
  })

  test('told to end while it campaigns, it never leads', async () => {
    const { place, until, stop } = fresh()
    const first = place.start('elect', 'e', '--id', 'one')
    await first.says(/^one/)
    const second = place.start('elect', 'e', '--id', 'two', '--', 'echo', 'ran')
    await until(2)
    second.kill('SIGTERM')
    await until(1)
    await end(first)
    expect(await second.ended).toMatchObject({ code: 143, stdout: '' })
    expect(await place.rdv('leader', 'e')).toMatchObject({ code: 1 })
    await stop()
  })
})

describe('rdv elect', () => {
  test.each([
    [['elect']],
    [['elect', 'e', '--id', '']],
    [['elect', 'e', '--id', 'a\tb']],
    [['elect', 'e', '--events', '--', 'true']],
    [['leader', 'e', '--', 'true']],
    [['leader']],
  ])('%j is a usage error', async (argv) => {
    expect(await new Place().rdv(...argv)).toMatchObject({ code: 2, stdout: '' })
  })
})
