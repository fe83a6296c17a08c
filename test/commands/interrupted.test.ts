import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Front, startFront } from '../services/front.ts'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { lines, Place, type Running } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

/** The requests that commit: of the server's protocol, of etcd's gateway and gRPC, and of Consul. */
const COMMITS = /_rdv\/v1\/commit$|[/.](kv\/txn|KV\/Txn)$|^PUT \/v1\/txn/

besideEach(REMOTE_STORES, 'an interrupt while $scheme:// is away', ({ scheme, start }) => {
  let store: Service
  let front: Front
  let direct: Place
  let remote: Place

  beforeAll(async () => {
    store = await start()
    front = await startFront(store)
    direct = new Place({ RDV_BACKEND: store.url })
    remote = new Place({ RDV_BACKEND: front.url(scheme) })
  })
  afterEach(() => front.loss.end())
  afterAll(async () => {
    await front.stop()
    await store.stop()
  })

  test('of subscribe --as says what will come again, and that comes', async () => {
    const subscriber = remote.start('subscribe', 't', '--as', 's')
    await subscriber.says(/subscribed/)
    front.loss.planAll(COMMITS)
    await direct.rdv('publish', 't', 'one')
    await subscriber.says(/^one$/m)
    subscriber.kill('SIGTERM')
    const { code, stderr } = await subscriber.ended
    expect({ code, last: lines(stderr).at(-1) }).toEqual({
      code: 143,
      last: 'rdv: the position of s was not stored: the last message may be delivered again',
    })
    front.loss.end()
    const again = await remote.rdv('subscribe', 't', '--as', 's', '--count', '1', '--quiet')
    expect(again).toMatchObject({ code: 0, stdout: 'one\n', stderr: '' })
    // If the position after the printed message was stored, an interrupt reports nothing.
    await direct.rdv('publish', 't', 'two')
    const next = remote.start('subscribe', 't', '--as', 's')
    await next.says(/^two$/m)
    next.kill('SIGTERM')
    expect(await next.ended).toMatchObject({ code: 143, stderr: 'rdv: subscribed\n' })
  })

  test('of who holds something says how long it stays held', async () => {
    const COMMAND = ['--', 'sh', '-c', 'echo up; exec sleep 300']
    const holders: readonly (readonly [name: string, running: Running, says: RegExp])[] = [
      ['l', remote.start('lock', 'l'), /l\/.+ \d/],
      ['l2', remote.start('lock', 'l2', ...COMMAND), /up/],
      ['e', remote.start('elect', 'e'), / \d+$/m],
      ['o', remote.start('once', 'o', ...COMMAND), /up/],
      ['k', remote.start('signal', 'k', '--hold', ...COMMAND), /up/],
      ['the membership', remote.start('pipe', 'receive', 'p', '--group', 'g'), /^pipe\tp\/g/m],
    ]
    const status = direct.start('status', '--watch')
    for (const [, running, says] of holders)
      await (says.source.startsWith('^pipe') ? status : running).says(says)
    front.loss.planAll(/./)
    for (const [, running] of holders) running.kill('SIGTERM')
    for (const [name, running] of holders) {
      const { code, stderr } = await running.ended
      expect({ name, code }).toEqual({ name, code: 143 })
      // The release is still tried while the process ends.
      expect(lines(stderr)).toContainEqual(
        expect.stringMatching(
          `^rdv: ${name} could not be released: it is released when its session expires, within (15|30|90) s$`,
        ),
      )
    }
  })

  test('of a party that waits at a barrier says that it may count', async () => {
    const party = remote.start('barrier', 'b', '--parties', '2')
    await party.says(/b \(has 1 of 2 parties\)/)
    front.loss.planAll(/./)
    party.kill('SIGINT')
    const { code, stderr } = await party.ended
    expect(code).toBe(130)
    expect(lines(stderr)).toContain(
      'rdv: the barrier b could not be left: this party may be counted until its session ends',
    )
  })
})

test('an interrupted sender says how much of what it has read is lost', async () => {
  const sender = new Place().startWithInput('pipe', 'send', 'p', '--group', 'nobody')
  const long = `${'x'.repeat(1_000)}\n`
  // More than fits into the buffers between the processes: most of it has been read once the write is done.
  await new Promise((resolve) => sender.stdin.write(long.repeat(190), resolve))
  sender.kill('SIGTERM')
  const { code, stderr } = await sender.ended
  expect({ code, stderr }).toEqual({
    code: 143,
    stderr: expect.stringMatching(/^rdv: \d+ messages were not delivered: they are lost\n$/),
  })
})
